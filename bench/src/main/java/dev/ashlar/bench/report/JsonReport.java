package dev.ashlar.bench.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The results as JSON; docs/benchmarks.md describes the fields. Figures that were not measured are
 * null.
 */
public final class JsonReport {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private JsonReport() {}

  /**
   * Writes the document, replacing the file.
   *
   * @param file to write
   * @param machine where it ran
   * @param results in their order
   * @throws IOException if the file cannot be written
   */
  public static void write(final Path file, final Machine machine, final List<RowResult> results)
      throws IOException {
    JSON.writeValue(file.toFile(), document(machine, results));
  }

  static ObjectNode document(final Machine machine, final List<RowResult> results) {
    final ObjectNode document = JSON.createObjectNode();
    final ObjectNode where = document.putObject("machine");
    machine.fields().forEach(where::put);
    final ArrayNode rows = document.putArray("rows");
    results.forEach(result -> add(rows.addObject(), result));
    return document;
  }

  private static void add(final ObjectNode row, final RowResult result) {
    final RowSpec spec = result.spec();
    row.put("id", spec.id());
    row.put("name", spec.name());
    putFigure(row, "ours", result.ours());
    putFigure(row, "reference", result.reference());
    row.put("unit", spec.unit());
    putFigure(row, "ratio", result.ratio());
    row.put("target", spec.target().text());
    row.put("holds", result.holds());
    spec.floor()
        .ifPresent(floor -> row.put("floor", floor.text()).put("holdsFloor", result.holdsFloor()));
    switch (result.kind()) {
      case MEASURED -> {
        if (!result.note().isEmpty()) {
          row.put("note", result.note());
        }
      }
      case SKIPPED -> row.put("skipped", result.note());
      case FAILED -> row.put("error", result.note());
    }
  }

  private static void putFigure(final ObjectNode row, final String name, final double value) {
    if (Double.isNaN(value)) {
      row.putNull(name);
    } else {
      row.put(name, Math.round(value * 1000) / 1000.0);
    }
  }
}
