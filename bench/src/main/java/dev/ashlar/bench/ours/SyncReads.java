package dev.ashlar.bench.ours;

import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.measure.RandomPages;
import dev.ashlar.bench.measure.Repeat;
import java.nio.ByteBuffer;

/** Random reads of pages in the calling thread, each checked. */
final class SyncReads implements Repeat.Operation {

  private final ChunkSet set;
  private final ByteBuffer buffer;
  private final RandomPages random;

  SyncReads(final ChunkSet set) {
    this.set = set;
    this.buffer = Buffers.pages(set.store(), Pages.BYTES);
    this.random = new RandomPages(1, set.pages());
  }

  @Override
  public void run() {
    final int page = random.next();
    set.readNow(page, buffer);
    Pages.check(buffer, 0, page);
  }
}
