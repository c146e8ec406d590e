package dev.ashlar.bench.measure;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * CPU times of the threads of this process at one moment, from the scheduler, which counts
 * nanoseconds; the usual process times count ticks of 10 ms, a whole percent of a second.
 */
public final class CpuTimes {

  private static final Path THREADS = Path.of("/proc/self/task");

  private final Map<String, Long> nanosOfThread = new HashMap<>();

  private CpuTimes() {}

  /**
   * Takes the times.
   *
   * @return of all threads that live now
   * @throws IOException if the kernel does not tell
   */
  public static CpuTimes now() throws IOException {
    final CpuTimes times = new CpuTimes();
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(THREADS)) {
      for (final Path thread : threads) {
        try {
          times.nanosOfThread.put(thread.getFileName().toString(), nanos(thread));
        } catch (final NoSuchFileException e) {
          continue; // it has ended meanwhile
        }
      }
    }
    return times;
  }

  /**
   * Time used since an earlier moment by the threads that live now.
   *
   * @param earlier the moment
   * @return nanoseconds
   */
  public long nanosSince(final CpuTimes earlier) {
    long sum = 0;
    for (final Map.Entry<String, Long> thread : nanosOfThread.entrySet()) {
      sum += thread.getValue() - earlier.nanosOfThread.getOrDefault(thread.getKey(), 0L);
    }
    return sum;
  }

  private static long nanos(final Path thread) throws IOException {
    final String line =
        new String(Files.readAllBytes(thread.resolve("schedstat")), StandardCharsets.US_ASCII);
    return Long.parseLong(line.substring(0, line.indexOf(' ')));
  }
}
