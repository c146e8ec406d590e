package dev.ashlar.bench.ours;

import dev.ashlar.bench.measure.AsyncWindow;
import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.measure.RandomPages;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** Random reads of pages in flight, each checked; nothing is shared between the places. */
final class ChainedReads implements AsyncWindow.Operation {

  private static final int FIRST_SEED = 100;

  private final ChunkSet set;
  private final ByteBuffer[] buffers;
  private final int[] pages;
  private final RandomPages[] random;

  ChainedReads(final ChunkSet set, final int depth) {
    this.set = set;
    this.buffers = Buffers.pages(set.store(), Pages.BYTES, depth);
    this.pages = new int[depth];
    this.random = new RandomPages[depth];
    for (int place = 0; place < depth; place++) {
      random[place] = new RandomPages(FIRST_SEED + place, set.pages());
    }
  }

  @Override
  public CompletableFuture<?> start(final int place) {
    pages[place] = random[place].next();
    return set.read(pages[place], buffers[place]);
  }

  @Override
  public boolean finished(final int place) {
    Pages.check(buffers[place], 0, pages[place]);
    return true;
  }
}
