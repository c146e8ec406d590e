package dev.ashlar.internal.engine;

import dev.ashlar.OutOfSpaceException;
import dev.ashlar.internal.Pages;
import dev.ashlar.internal.engine.Submission.Change;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Moves data of a batch to fresh pages before its operations have a place in the queues of their
 * chunks. Only whole pages: they replace whatever will be there, so nothing has to be known of the
 * chunk. Nobody else knows of the pages until the batch is committed. Used once, by one thread.
 */
final class Stage {
  private final Engine engine;
  private final AtomicInteger undone = new AtomicInteger(1); // one more until all have begun
  private final Signal signal = new Signal();
  private final List<Op> ops = new ArrayList<>();
  private volatile @Nullable RuntimeException failure;

  Stage(final Engine engine) {
    this.engine = engine;
  }

  // --- pieces ----------------------------------------------------------------------------------

  /** Splits a write into whole pages, to be moved, and copies of what is left at both ends. */
  static void split(final Change change, final List<Change> parts) {
    final ByteBuffer source = change.source();
    if (source == null || !source.hasRemaining()) {
      parts.add(change);
      return;
    }
    final long end = change.offset() + source.remaining();
    final long first = Math.min(Pages.pagesOf(change.offset()) * Pages.PAGE_BYTES, end);
    final long last = Math.max(Pages.pageOf(end) * Pages.PAGE_BYTES, first);
    addPart(parts, change, source, change.offset(), first);
    addPart(parts, change, source, first, last);
    addPart(parts, change, source, last, end);
  }

  private static void addPart(
      final List<Change> parts,
      final Change change,
      final ByteBuffer source,
      final long from,
      final long to) {
    if (from < to) {
      final int at = source.position() + (int) (from - change.offset());
      final ByteBuffer part = source.slice(at, (int) (to - from));
      final boolean whole = isWhole(from, part.remaining());
      parts.add(new Change(OpKind.WRITE, change.key(), from, whole ? part : copy(part), null));
    }
  }

  private static ByteBuffer copy(final ByteBuffer bytes) {
    return ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
  }

  private static boolean isWhole(final long offset, final int length) {
    return length > 0 && Pages.inPage(offset) == 0 && length % Pages.PAGE_BYTES == 0;
  }

  private static boolean isForStage(final Change change) {
    return change.source() != null && isWhole(change.offset(), change.source().remaining());
  }

  /** Memory that a piece takes while it moves. */
  static long cost(final Change change) {
    final ByteBuffer source = change.source();
    return source == null || source.isDirect() || !isForStage(change)
        ? 0
        : Transfer.stagingBytes(change.offset(), change.offset() + source.remaining());
  }

  // --- moving ----------------------------------------------------------------------------------

  /**
   * Begins to move a piece, if it is one of whole pages.
   *
   * @return what is to be submitted in its place
   */
  Change begin(final Change change) {
    final ByteBuffer source = change.source();
    if (source == null || !isForStage(change)) {
      return change;
    }
    final Op op = engine.takeOp();
    op.prepare(OpKind.WRITE, change.offset(), source.remaining());
    op.chunk = new Chunk(change.key(), null); // names the key until the commit
    op.stage = this;
    ops.add(op);
    op.transfer.memory(source, source.position());
    if (op.transfer.isStaged()) {
      op.transfer.stage(op.offset, op.end());
    }
    undone.incrementAndGet();
    op.transfer.noOldContent();
    op.transfer.begin();
    return new Change(OpKind.WRITE, change.key(), change.offset(), null, op);
  }

  /** The data of an operation has moved, or could not; any thread. */
  void dataMoved(final Op op, final @Nullable RuntimeException error) {
    if (error != null) {
      engine.reclaimer().freeUnused(op);
      if (error instanceof OutOfSpaceException && !op.retried) {
        op.retried = true;
        engine.committer().reclaimFor(op);
        return;
      }
      fail(error);
    }
    if (undone.decrementAndGet() == 0) {
      signal.set();
    }
  }

  /** Notes an error; the first counts. */
  synchronized void fail(final RuntimeException error) {
    if (failure == null) {
      failure = error;
    }
  }

  /**
   * Waits for everything that has begun. After an error nothing of it stays.
   *
   * @return the first error
   */
  @Nullable RuntimeException await() {
    if (undone.decrementAndGet() > 0) {
      signal.await(engine.path(), engine.commitGauge());
    }
    final RuntimeException error = failure;
    for (final Op op : ops) {
      op.transfer.releaseMemory();
      op.stage = null;
      op.staged = true;
      if (error != null) {
        engine.reclaimer().freeUnused(op);
      }
    }
    return error;
  }
}
