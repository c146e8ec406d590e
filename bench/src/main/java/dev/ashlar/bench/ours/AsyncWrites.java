package dev.ashlar.bench.ours;

import dev.ashlar.bench.measure.AsyncWindow;
import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.measure.RandomPages;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** Random durable overwrites of aligned blocks in flight. */
final class AsyncWrites implements AsyncWindow.Operation {

  private final ChunkSet set;
  private final ByteBuffer[] buffers;
  private final int blockPages;
  private final RandomPages random;
  private long started;

  AsyncWrites(final ChunkSet set, final int blockBytes, final int depth) {
    this.set = set;
    this.buffers = Buffers.pages(set.store(), blockBytes, depth);
    this.blockPages = blockBytes / Pages.BYTES;
    this.random = new RandomPages(4, set.pages() / blockPages);
    for (final ByteBuffer buffer : buffers) {
      Pages.fill(buffer, 0);
    }
  }

  @Override
  public CompletableFuture<?> start(final int place) {
    started++;
    final int page = random.next() * blockPages;
    Pages.stampAll(buffers[place], page);
    return set.write(page, buffers[place]);
  }

  /** Writes started so far. */
  long started() {
    return started;
  }
}
