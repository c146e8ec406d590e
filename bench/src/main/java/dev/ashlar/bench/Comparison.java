package dev.ashlar.bench;

import dev.ashlar.bench.measure.Effort;
import dev.ashlar.bench.measure.Workspace;
import dev.ashlar.bench.report.RowResult;
import dev.ashlar.bench.row.Row;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Runs rows one after the other. A row that fails does not keep the others from running. */
final class Comparison {

  private final Effort effort;
  private final Workspace workspace;
  private final PrintStream progress;

  Comparison(final Effort effort, final Workspace workspace, final PrintStream progress) {
    this.effort = effort;
    this.workspace = workspace;
    this.progress = progress;
  }

  List<RowResult> run(final List<Row> rows) throws IOException, InterruptedException {
    final List<RowResult> results = new ArrayList<>();
    for (final Row row : rows) {
      progress.printf("%s: %s%n", row.id(), row.specs().get(0).name());
      final List<RowResult> ofRow = run(row);
      ofRow.stream().filter(r -> r.kind() == RowResult.Kind.MEASURED).forEach(this::show);
      results.addAll(ofRow);
      workspace.clear();
    }
    return results;
  }

  /** A run that is interrupted has told what it knew. */
  private void show(final RowResult result) {
    progress.printf(
        Locale.ROOT,
        "  %s: %,.2f / %,.2f %s%n",
        result.spec().id(),
        result.ours(),
        result.reference(),
        result.spec().unit());
  }

  private List<RowResult> run(final Row row) throws InterruptedException {
    final String obstacle = row.obstacle();
    if (!obstacle.isEmpty()) {
      progress.printf("%s: SKIPPED, %s%n", row.id(), obstacle);
      return row.specs().stream().map(spec -> spec.skipped(obstacle)).toList();
    }
    try {
      return row.run(effort, workspace.folder());
    } catch (final InterruptedException e) {
      throw e;
    } catch (final Exception | LinkageError e) {
      progress.printf("%s: ERROR%n", row.id());
      e.printStackTrace(progress);
      return row.specs().stream().map(spec -> spec.failed(e)).toList();
    }
  }
}
