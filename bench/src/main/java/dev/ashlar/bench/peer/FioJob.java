package dev.ashlar.bench.peer;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One fio run on a region of an existing file: io_uring and O_DIRECT, one process.
 *
 * @param file to read or write
 * @param pattern fio's name of the access pattern
 * @param blockBytes of each operation
 * @param depth operations in flight
 * @param region of the file
 * @param flushEvery fdatasync after so many writes; 0: never
 */
public record FioJob(
    Path file, String pattern, int blockBytes, int depth, Region region, int flushEvery) {

  /**
   * A stretch of a file.
   *
   * @param offsetBytes of its first byte
   * @param sizeBytes its length
   */
  public record Region(long offsetBytes, long sizeBytes) {}

  /**
   * Random reads.
   *
   * @param file to read
   * @param blockBytes of each read
   * @param depth reads in flight
   * @param region to read from; written before, for a file system answers what was never written
   *     without the device
   * @return the job
   */
  public static FioJob randomReads(
      final Path file, final int blockBytes, final int depth, final Region region) {
    return new FioJob(file, "randread", blockBytes, depth, region, 0);
  }

  /**
   * Writes over the file from its start to its end, again and again.
   *
   * @param file laid out before
   * @param blockBytes of each write
   * @param depth writes in flight
   * @param sizeBytes of the file
   * @param flushEvery fdatasync after so many writes; 0: never
   * @return the job
   */
  public static FioJob writes(
      final Path file,
      final int blockBytes,
      final int depth,
      final long sizeBytes,
      final int flushEvery) {
    return new FioJob(file, "write", blockBytes, depth, new Region(0, sizeBytes), flushEvery);
  }

  /** Whether it reads. */
  boolean reads() {
    return pattern.endsWith("read");
  }

  /** The command. */
  List<String> command(final Duration slice) {
    final List<String> command =
        new ArrayList<>(
            List.of(
                Fio.PROGRAM,
                "--name=bench",
                "--filename=" + file,
                "--allow_file_create=0",
                "--ioengine=io_uring",
                "--direct=1",
                "--rw=" + pattern,
                "--bs=" + blockBytes,
                "--iodepth=" + depth,
                "--offset=" + region.offsetBytes(),
                "--size=" + region.sizeBytes(),
                "--randrepeat=0",
                "--norandommap",
                "--time_based",
                "--runtime=" + slice.toMillis() + "ms",
                "--lat_percentiles=1",
                "--output-format=json"));
    if (reads()) {
      command.add("--readonly");
    } else {
      command.add("--overwrite=1");
      command.add("--refill_buffers=0");
    }
    if (flushEvery > 0) {
      command.add("--fdatasync=" + flushEvery);
    }
    return command;
  }
}
