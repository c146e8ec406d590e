package dev.ashlar.bench.ours;

import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.measure.RandomPages;
import dev.ashlar.bench.measure.Repeat;
import java.nio.ByteBuffer;

/** Random durable overwrites of pages in the calling thread. */
final class SyncWrites implements Repeat.Operation {

  private final ChunkSet set;
  private final ByteBuffer buffer;
  private final RandomPages random;

  SyncWrites(final ChunkSet set) {
    this.set = set;
    this.buffer = Buffers.pages(set.store(), Pages.BYTES);
    this.random = new RandomPages(2, set.pages());
    Pages.fill(buffer, 0);
  }

  @Override
  public void run() {
    final int page = random.next();
    Pages.stamp(buffer, 0, page);
    set.writeNow(page, buffer);
  }
}
