package dev.ashlar.bench.peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs fio, the usual tool to find the limit of a device. */
public final class Fio {

  static final String PROGRAM = "fio";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration GRACE = Duration.ofSeconds(30);

  private Fio() {}

  /**
   * Why rows that need fio cannot run here.
   *
   * @return a sentence, or an empty string if they can
   * @throws InterruptedException if interrupted
   */
  public static String obstacle() throws InterruptedException {
    try {
      final Process process =
          new ProcessBuilder(PROGRAM, "--enghelp=io_uring")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0 ? "" : "this fio has no io_uring engine";
    } catch (final IOException e) {
      return "fio is not installed";
    }
  }

  /**
   * Runs a job.
   *
   * @param job what to do
   * @param slice how long
   * @return what it measured
   * @throws IOException if fio fails; the message is fio's
   * @throws InterruptedException if interrupted; fio is ended then
   */
  public static FioResult run(final FioJob job, final Duration slice)
      throws IOException, InterruptedException {
    final Process process =
        new ProcessBuilder(job.command(slice)).redirectErrorStream(true).start();
    final Thread hook = new Thread(process::destroyForcibly, "bench-fio");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      final Thread watchdog = endLater(process, slice.plus(GRACE));
      final String output;
      try (InputStream stream = process.getInputStream()) {
        output = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      }
      final int code = process.waitFor();
      watchdog.interrupt();
      return parse(job, code, output);
    } finally {
      process.destroyForcibly();
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }

  private static Thread endLater(final Process process, final Duration limit) {
    final Thread watchdog =
        new Thread(
            () -> {
              try {
                if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                  process.destroyForcibly();
                }
              } catch (final InterruptedException e) {
                return; // it has ended by itself
              }
            },
            "bench-fio-watchdog");
    watchdog.setDaemon(true);
    watchdog.start();
    return watchdog;
  }

  /** fio may print warnings before the document. */
  static FioResult parse(final FioJob job, final int code, final String output) throws IOException {
    final int start = output.indexOf('{');
    if (code != 0 || start < 0) {
      throw new IOException("fio ended with " + code + ": " + firstLines(output));
    }
    final JsonNode result = JSON.readTree(output.substring(start)).path("jobs").path(0);
    final int error = result.path("error").asInt(-1);
    if (error != 0) {
      throw new IOException("fio reports error " + error + ": " + firstLines(output));
    }
    final JsonNode side = result.path(job.reads() ? "read" : "write");
    return new FioResult(
        side.path("iops").asDouble(),
        side.path("bw_bytes").asDouble(),
        side.path("lat_ns").path("percentile").path("50.000000").asDouble() / 1e3,
        side.path("total_ios").asLong(),
        result.path("sync").path("lat_ns").path("N").asLong());
  }

  private static String firstLines(final String output) {
    final List<String> lines = output.lines().limit(3).toList();
    return String.join(" / ", lines);
  }
}
