package dev.ashlar.bench.peer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs the system's db_bench, RocksDB's own benchmark. */
public final class DbBench {

  private static final String PROGRAM = "db_bench";

  /** Names the library that makes devices known to db_bench. */
  private static final String PRELOAD_PROPERTY = "dev.ashlar.bench.preload";

  private static final Pattern LINE =
      Pattern.compile("^(\\w+) +: +[0-9.]+ micros/op ([0-9]+) ops/sec(.*)$");
  private static final Pattern FOUND = Pattern.compile("\\([0-9]+ of [0-9]+ found\\)|found:[0-9]+");

  private DbBench() {}

  /**
   * Why rows that need db_bench cannot run here.
   *
   * @return a sentence, or an empty string if they can
   * @throws InterruptedException if interrupted
   */
  public static String obstacle() throws InterruptedException {
    final String preload = System.getProperty(PRELOAD_PROPERTY, "");
    if (!Files.isRegularFile(Path.of(preload))) {
      return "there is no library for db_bench (property " + PRELOAD_PROPERTY + ")";
    }
    try {
      new ProcessBuilder(PROGRAM, "--version")
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
      return "";
    } catch (final IOException e) {
      return "db_bench is not installed (package rocksdb-tools)";
    }
  }

  /**
   * Runs it on a folder.
   *
   * @param folder of the database
   * @param job to do
   * @return a result for each benchmark of the job, in its order
   * @throws IOException if it fails; the message is db_bench's
   * @throws InterruptedException if interrupted; db_bench is ended then
   */
  public static List<DbBenchResult> inFolder(final Path folder, final DbBenchJob job)
      throws IOException, InterruptedException {
    return run(new ProcessBuilder(PROGRAM, "--db=" + folder), job);
  }

  /**
   * Runs it on the files of a device, with the plug-in.
   *
   * @param device as scripts/db_bench takes it
   * @param job to do
   * @return a result for each benchmark of the job, in its order
   * @throws IOException if it fails; the message is db_bench's
   * @throws InterruptedException if interrupted; db_bench is ended then
   */
  public static List<DbBenchResult> onDevice(final String device, final DbBenchJob job)
      throws IOException, InterruptedException {
    final ProcessBuilder process =
        new ProcessBuilder(PROGRAM, "--fs_uri=ashlar://" + device, "--db=/db");
    process.environment().put("LD_PRELOAD", System.getProperty(PRELOAD_PROPERTY));
    return run(process, job);
  }

  private static List<DbBenchResult> run(final ProcessBuilder builder, final DbBenchJob job)
      throws IOException, InterruptedException {
    final List<String> command = new ArrayList<>(builder.command());
    command.addAll(job.options());
    final Process process = builder.command(command).redirectErrorStream(true).start();
    final Thread hook = new Thread(process::destroyForcibly, "bench-db_bench");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      final String output;
      try (InputStream stream = process.getInputStream()) {
        output = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      }
      return parse(job, process.waitFor(), output);
    } finally {
      process.destroyForcibly();
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }

  static List<DbBenchResult> parse(final DbBenchJob job, final int code, final String output)
      throws IOException {
    final List<DbBenchResult> results = new ArrayList<>();
    for (final String line : output.lines().toList()) {
      final Matcher figures = LINE.matcher(line);
      if (figures.matches()) {
        final Matcher found = FOUND.matcher(figures.group(3));
        results.add(
            new DbBenchResult(
                figures.group(1),
                Double.parseDouble(figures.group(2)),
                found.find() ? found.group() : ""));
      }
    }
    if (code != 0
        || !results.stream().map(DbBenchResult::benchmark).toList().equals(job.benchmarks())) {
      throw new IOException("db_bench ended with " + code + ": " + lastLines(output));
    }
    return results;
  }

  private static String lastLines(final String output) {
    final List<String> lines = output.lines().filter(line -> !line.isBlank()).toList();
    return String.join(" / ", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
  }
}
