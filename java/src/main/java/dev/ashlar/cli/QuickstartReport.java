package dev.ashlar.cli;

import dev.ashlar.StoreStats;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a quickstart has done and found, as a table or as JSON. */
final class QuickstartReport {

  /** One step, with the space in use after it. */
  record Step(
      String name,
      boolean movesData,
      long chunks,
      long bytes,
      double seconds,
      long usedBytes,
      long freeBytes) {

    double mebibytesPerSecond() {
      return bytes / seconds / (1 << 20);
    }
  }

  private static final int MAX_DIFFERENCES_SHOWN = 10;

  private final Path folder;
  private final Path store;
  private final List<Step> steps = new ArrayList<>();
  private final List<String> differences = new ArrayList<>();
  private String backend = "";
  private boolean directIo;

  QuickstartReport(final Path folder, final Path store) {
    this.folder = folder;
    this.store = store;
  }

  void step(
      final String name,
      final boolean movesData,
      final long chunks,
      final long bytes,
      final double seconds,
      final StoreStats after) {
    steps.add(
        new Step(name, movesData, chunks, bytes, seconds, after.usedBytes(), after.freeBytes()));
    backend = after.backend();
    directIo = after.directIo();
  }

  /** Something is not as it should be. */
  void difference(final String what) {
    differences.add(what);
  }

  boolean allWell() {
    return differences.isEmpty();
  }

  void print(final PrintStream out) {
    out.printf("folder  %s%n", Text.printable(folder.toString()));
    out.printf("store   %s (%s%s)%n%n", store, backend, directIo ? ", direct I/O" : "");
    out.printf(
        Locale.ROOT,
        "%-26s %8s %11s %8s %9s %11s %11s%n",
        "step",
        "chunks",
        "bytes",
        "seconds",
        "MiB/s",
        "used",
        "free");
    for (final Step step : steps) {
      out.printf(
          Locale.ROOT,
          "%-26s %8d %11s %8.2f %9s %11s %11s%n",
          step.name,
          step.chunks,
          ByteSize.format(step.bytes),
          step.seconds,
          step.movesData ? String.format(Locale.ROOT, "%.1f", step.mebibytesPerSecond()) : "-",
          ByteSize.format(step.usedBytes),
          ByteSize.format(step.freeBytes));
    }
    out.println();
    differences.stream()
        .limit(MAX_DIFFERENCES_SHOWN)
        .forEach(difference -> out.println("DIFFERENT: " + Text.printable(difference)));
    out.println(
        allWell()
            ? "Every chunk is what its file is, and the space of removed chunks came back."
            : differences.size() + " differences.");
  }

  void printJson(final PrintStream out) {
    final Json json =
        new Json(out)
            .beginObject()
            .put("folder", folder.toString())
            .put("store", store.toString())
            .put("backend", backend)
            .put("directIo", directIo)
            .beginArray("steps");
    for (final Step step : steps) {
      json.beginObject()
          .put("name", step.name)
          .put("chunks", step.chunks)
          .put("bytes", step.bytes)
          .put("seconds", step.seconds)
          .put("mebibytesPerSecond", step.movesData ? step.mebibytesPerSecond() : Double.NaN)
          .put("usedBytes", step.usedBytes)
          .put("freeBytes", step.freeBytes)
          .endObject();
    }
    json.endArray().put("differences", differences).put("allWell", allWell()).endObject();
  }
}
