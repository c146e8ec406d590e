package dev.ashlar.bench.measure;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process has caused to be written, as the kernel counts it. */
public final class DeviceWrites {

  private static final Path SELF = Path.of("/proc/self");

  private DeviceWrites() {}

  /**
   * Bytes this process caused to be written to devices: direct writes as they were submitted, and
   * pages of the page cache when they became dirty. What a file system writes for itself (its
   * journal) is not in it, and other processes are not.
   *
   * @return bytes
   * @throws IOException if the kernel does not tell
   */
  public static long bytes() throws IOException {
    for (final String line : read(SELF.resolve("io")).split("\n")) {
      if (line.startsWith("write_bytes: ")) {
        return Long.parseLong(line.substring(line.indexOf(' ') + 1).trim());
      }
    }
    throw new IOException("/proc/self/io has no write_bytes");
  }

  private static String read(final Path path) throws IOException {
    return new String(Files.readAllBytes(path), StandardCharsets.US_ASCII);
  }
}
