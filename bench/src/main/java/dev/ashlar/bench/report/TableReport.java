package dev.ashlar.bench.report;

import java.util.ArrayList;
import java.util.List;

/** The results as a table, with the remarks below it. */
public final class TableReport {

  private TableReport() {}

  /**
   * Makes the text.
   *
   * @param machine where it ran
   * @param results in the order of the lines
   * @return several lines
   */
  public static String of(final Machine machine, final List<RowResult> results) {
    final TextTable table =
        new TextTable(false, false, true, true, false, true, false, false, false);
    table.add("id", "name", "ours", "reference", "unit", "ratio", "target", "holds", "floor");
    final List<String> notes = new ArrayList<>();
    for (final RowResult result : results) {
      final RowSpec spec = result.spec();
      table.add(
          spec.id(),
          spec.name(),
          Figures.of(result.ours()),
          Figures.of(result.reference()),
          spec.unit(),
          Figures.of(result.ratio()),
          spec.target().text(),
          holds(result),
          floor(result));
      if (!result.note().isEmpty()) {
        notes.add(spec.id() + ": " + result.note());
      }
    }
    final StringBuilder text = new StringBuilder(table.toString());
    notes.forEach(note -> text.append('\n').append(note));
    return text.append(notes.isEmpty() ? "\n" : "\n\n")
        .append(machine.text())
        .append('\n')
        .toString();
  }

  private static String holds(final RowResult result) {
    return switch (result.kind()) {
      case MEASURED -> result.holds() ? "yes" : "NO";
      case SKIPPED -> "skipped";
      case FAILED -> "ERROR";
    };
  }

  private static String floor(final RowResult result) {
    return result
        .spec()
        .floor()
        .map(
            bound ->
                result.kind() == RowResult.Kind.MEASURED
                    ? bound.text() + (result.holdsFloor() ? ": yes" : ": NO")
                    : bound.text())
        .orElse("");
  }
}
