package dev.ashlar.bench.peer;

import dev.ashlar.bench.measure.Contender;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * SPDK's own benchmark of bdevs: random reads of a malloc bdev from one core, without huge pages,
 * in a process of its own.
 */
public final class Bdevperf implements Contender {

  private static final String VARIABLE = "ASHLAR_BDEVPERF";
  private static final Pattern TOTAL = Pattern.compile("\\s*Total\\s*:\\s*([0-9.]+).*");

  /** SPDK itself needs about 200 MiB. */
  private static final long OWN_MIB = 512;

  private final Path config;
  private final long memoryMib;
  private final int blockBytes;
  private final int depth;

  /**
   * Prepares runs.
   *
   * @param folder for its configuration
   * @param bdevBytes of the malloc bdev
   * @param blockBytes of each read, and of the bdev
   * @param depth in flight
   * @throws IOException if the configuration cannot be written
   */
  public Bdevperf(final Path folder, final long bdevBytes, final int blockBytes, final int depth)
      throws IOException {
    this.config =
        Files.writeString(
            folder.resolve("bdevperf.json"), written("Malloc0", bdevBytes, blockBytes));
    this.memoryMib = (bdevBytes >> 20) + OWN_MIB;
    this.blockBytes = blockBytes;
    this.depth = depth;
  }

  /**
   * A configuration of SPDK with one bdev.
   *
   * @param name of the bdev
   * @param bytes its size
   * @param blockBytes of its blocks
   * @return JSON
   */
  public static String mallocBdev(final String name, final long bytes, final int blockBytes) {
    return config(create(name, bytes, blockBytes));
  }

  /**
   * The same, and all of its memory has been written: pages that nobody has written are one and the
   * same page of zeros, which reads find in the cache of the CPU, after a page fault for each.
   */
  private static String written(final String name, final long bytes, final int blockBytes) {
    return config(
        create(name, bytes, blockBytes)
            + String.format(
                ",{\"method\":\"bdev_lvol_create_lvstore\",\"params\":{\"bdev_name\":\"%s\","
                    + "\"lvs_name\":\"zeros\",\"clear_method\":\"write_zeroes\"}},"
                    + "{\"method\":\"bdev_lvol_delete_lvstore\",\"params\":{\"lvs_name\":\"zeros\"}}",
                name));
  }

  private static String create(final String name, final long bytes, final int blockBytes) {
    return String.format(
        Locale.ROOT,
        "{\"method\":\"bdev_malloc_create\","
            + "\"params\":{\"name\":\"%s\",\"num_blocks\":%d,\"block_size\":%d}}",
        name,
        bytes / blockBytes,
        blockBytes);
  }

  private static String config(final String methods) {
    return "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[" + methods + "]}]}";
  }

  /**
   * Why it cannot run here.
   *
   * @return a sentence, or an empty string if it can
   */
  public static String obstacle() {
    final String given = System.getenv(VARIABLE);
    if (given == null) {
      return VARIABLE + " does not name SPDK's bdevperf";
    }
    return Files.isExecutable(Path.of(given)) ? "" : given + " is no program";
  }

  @Override
  public double measure(final Duration slice) throws IOException, InterruptedException {
    final long seconds = Math.max(1, slice.toSeconds());
    final Process process =
        new ProcessBuilder(
                List.of(
                    System.getenv(VARIABLE),
                    "--no-huge",
                    "-s",
                    String.valueOf(memoryMib),
                    "-m",
                    "0x1",
                    "-c",
                    config.toString(),
                    "-q",
                    String.valueOf(depth),
                    "-o",
                    String.valueOf(blockBytes),
                    "-w",
                    "randread",
                    "-t",
                    String.valueOf(seconds)))
            .redirectErrorStream(true)
            .start();
    final Thread hook = new Thread(process::destroyForcibly, "bench-bdevperf");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      final String output;
      try (InputStream stream = process.getInputStream()) {
        output = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      }
      return parse(process.waitFor(), output);
    } finally {
      process.destroyForcibly();
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }

  static double parse(final int code, final String output) throws IOException {
    if (code == 0) {
      for (final String line : output.lines().toList()) {
        final Matcher total = TOTAL.matcher(line);
        if (total.matches()) {
          return Double.parseDouble(total.group(1));
        }
      }
    }
    final List<String> lines = output.lines().filter(line -> !line.isBlank()).toList();
    throw new IOException(
        "bdevperf ended with "
            + code
            + ": "
            + String.join(" / ", lines.subList(Math.max(0, lines.size() - 3), lines.size())));
  }
}
