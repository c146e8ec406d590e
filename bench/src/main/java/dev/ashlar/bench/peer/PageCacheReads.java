package dev.ashlar.bench.peer;

import dev.ashlar.bench.measure.Contender;
import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.measure.RandomPages;
import dev.ashlar.bench.measure.Repeat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/** Random reads of pages by position from a file in the page cache; one thread; reads a second. */
public final class PageCacheReads implements Contender, AutoCloseable {

  private final FileChannel channel;
  private final ByteBuffer buffer = Pages.buffer(Pages.BYTES);
  private final RandomPages random;

  /**
   * Opens a file and reads it once, so that it is in the cache.
   *
   * @param path of a file that {@link DataFile#layOut} has made
   * @throws IOException if it cannot be read
   */
  public PageCacheReads(final Path path) throws IOException {
    channel = FileChannel.open(path, StandardOpenOption.READ);
    final int pages = Math.toIntExact(channel.size() / Pages.BYTES);
    random = new RandomPages(1, pages);
    for (int page = 0; page < pages; page++) {
      read(page);
    }
  }

  @Override
  public double measure(final Duration slice) throws Exception {
    return Repeat.perSecond(slice, () -> read(random.next()));
  }

  private void read(final int page) throws IOException {
    buffer.clear();
    final int count = channel.read(buffer, (long) page * Pages.BYTES);
    if (count != Pages.BYTES) {
      throw new IOException("read " + count + " bytes of page " + page);
    }
    Pages.check(buffer, 0, page);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
