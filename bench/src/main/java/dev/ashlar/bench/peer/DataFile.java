package dev.ashlar.bench.peer;

import com.sun.nio.file.ExtendedOpenOption;
import dev.ashlar.bench.measure.Pages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Files that hold benchmark pages. */
public final class DataFile {

  private static final int STEP_BYTES = 1 << 20;

  private DataFile() {}

  /**
   * Lays a file out: every byte is written and flushed, so that a write over it needs no new space.
   *
   * @param path of the new file; page n of it is benchmark page n
   * @param sizeBytes a multiple of 1 MiB
   * @throws IOException if it cannot be written
   */
  public static void layOut(final Path path, final long sizeBytes) throws IOException {
    final ByteBuffer buffer = Pages.buffer(STEP_BYTES);
    Pages.fill(buffer, 0);
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (long at = 0; at < sizeBytes; at += STEP_BYTES) {
        Pages.stampAll(buffer, at / Pages.BYTES);
        buffer.clear();
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
      }
      channel.force(true);
    }
  }

  /**
   * Finds where in a device file benchmark pages lie: the longest stretch that has no gap of 1 MiB
   * or more. fio then reads what the store reads, not holes that need no device.
   *
   * @param path of the file
   * @return the stretch
   * @throws IOException if it cannot be read
   */
  public static FioJob.Region writtenRegion(final Path path) throws IOException {
    final RegionFinder finder = new RegionFinder(STEP_BYTES);
    final ByteBuffer buffer = Pages.buffer(STEP_BYTES);
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.READ, ExtendedOpenOption.DIRECT)) {
      long offset = 0;
      while (true) {
        buffer.clear();
        final int count = channel.read(buffer, offset);
        if (count < Pages.BYTES) {
          return finder.longest();
        }
        final int whole = count / Pages.BYTES * Pages.BYTES;
        for (int at = 0; at < whole; at += Pages.BYTES) {
          if (Pages.isPage(buffer, at)) {
            finder.add(offset + at, Pages.BYTES);
          }
        }
        offset += whole;
      }
    }
  }
}
