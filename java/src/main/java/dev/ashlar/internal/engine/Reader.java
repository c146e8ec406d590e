package dev.ashlar.internal.engine;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStat;
import dev.ashlar.NoSuchChunkException;
import dev.ashlar.StoreClosedException;
import dev.ashlar.internal.AshlarThread;
import dev.ashlar.internal.Pages;
import dev.ashlar.internal.StoreDevice;
import dev.ashlar.internal.metadata.ChunkRecord;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Reads of chunks. A read is inside the epoch from before it looks its pages up until the last byte
 * is there, so that none of these pages is freed meanwhile.
 */
final class Reader {
  /** Reads of up to that many pages are made in the calling thread where the device permits. */
  private static final int INLINE_PAGES = 16;

  private static final int OPTIMISTIC_ATTEMPTS = 16;
  private static final int COST_BYTES = 512;
  private static final int NOT_DONE = -1;

  private final Engine engine;
  private final StoreDevice device;
  private final ChunkCache cache;
  private final EpochGuard guard;

  Reader(final Engine engine) {
    this.engine = engine;
    this.device = engine.device();
    this.cache = engine.cache();
    this.guard = engine.guard();
  }

  // --- what is known -----------------------------------------------------------------------------

  @Nullable ChunkStat stat(final ChunkKey key) {
    final int token = enter();
    try {
      final Chunk chunk = cache.find(key);
      while (chunk != null) {
        final int seen = chunk.beginRead();
        final boolean exists = chunk.exists;
        final var record =
            new ChunkRecord(
                chunk.sizeBytes, chunk.version, chunk.createdMicros, chunk.modifiedMicros);
        if (chunk.validate(seen)) {
          return exists ? record.toStat(key) : null;
        }
      }
      return null;
    } finally {
      guard.exit(token);
    }
  }

  int enter() {
    final int token = guard.enter();
    if (token < 0) {
      throw new StoreClosedException("the store is closed");
    }
    return token;
  }

  // --- reads that wait ---------------------------------------------------------------------------

  /** Reads and moves the position of the target. */
  int read(final ChunkKey key, final long offset, final ByteBuffer target) {
    if (!device.isMemory()) {
      AshlarThread.refuseBlocking("read");
    }
    int length = NOT_DONE;
    if (readsInline() && target.remaining() <= INLINE_PAGES * Pages.PAGE_BYTES) {
      length =
          Pages.inPage(offset) + target.remaining() <= Pages.PAGE_BYTES
              ? readOnePage(key, offset, target)
              : readInline(key, offset, target);
    }
    if (length == NOT_DONE) {
      AshlarThread.refuseBlocking("read");
      length = readThroughSlots(key, offset, target);
    }
    target.position(target.position() + length);
    return length;
  }

  /** The shortest way: bytes of one page, in this thread. */
  private int readOnePage(final ChunkKey key, final long offset, final ByteBuffer target) {
    final int token = enter();
    try {
      while (true) {
        final Chunk chunk = find(key);
        final int seen = chunk.beginRead();
        final boolean exists = chunk.exists;
        final int length = (int) Math.min(target.remaining(), chunk.sizeBytes - offset);
        final CachedSegment segment = chunk.segments.get(Pages.segmentOf(offset));
        final int page = Pages.pageInSegment(offset);
        final long location = segment == null ? Pages.HOLE : segment.location(page);
        final int crc = segment == null ? 0 : segment.crc(page);
        if (!chunk.validate(seen)) {
          continue;
        }
        if (!exists) {
          throw new NoSuchChunkException(key);
        }
        if (length <= 0) {
          return 0;
        }
        if (segment != null) {
          segment.touch();
          final boolean done =
              readPage(location, crc, Pages.inPage(offset), length, target, target.position());
          return done ? length : NOT_DONE;
        }
        if (cache.segment(chunk, Pages.segmentOf(offset)) == null) {
          cache.discard(chunk);
        }
      }
    } finally {
      guard.exit(token);
    }
  }

  private Chunk find(final ChunkKey key) {
    final Chunk chunk = cache.find(key);
    if (chunk == null) {
      throw new NoSuchChunkException(key);
    }
    return chunk;
  }

  private int readInline(final ChunkKey key, final long offset, final ByteBuffer target) {
    final int token = enter();
    final ReadOp op = engine.reads().take();
    try {
      op.prepare(key, token);
      final int length = lookUp(op, offset, target.remaining());
      return length == 0 || inline(op, target) ? length : NOT_DONE;
    } finally {
      guard.exit(token);
      op.recycle();
      engine.reads().give(op);
    }
  }

  private int readThroughSlots(final ChunkKey key, final long offset, final ByteBuffer target) {
    // Before the epoch: whoever holds the budget may be waiting for readers to leave.
    final long cost = cost(offset, target);
    engine.budget().acquire(cost, true);
    final ReadOp op = engine.reads().take();
    try {
      op.prepare(key, enter());
      final int length = prepareTransfer(op, offset, target);
      if (length > 0) {
        op.begin();
        op.await();
        throwIfFailed(op);
      }
      return length;
    } finally {
      op.recycle();
      engine.reads().give(op);
      engine.budget().release(cost);
    }
  }

  /** Looks a range up and names its memory; if there is nothing to move, leaves the epoch. */
  private int prepareTransfer(final ReadOp op, final long offset, final ByteBuffer target) {
    int length = 0;
    try {
      length = lookUp(op, offset, target.remaining());
      if (length > 0) {
        op.memory(target, target.position());
        if (op.isStaged()) {
          op.stage(offset, offset + length);
        }
      }
      return length;
    } catch (final RuntimeException | Error e) {
      length = 0;
      throw e;
    } finally {
      if (length == 0) {
        guard.exit(op.guardToken);
      }
    }
  }

  private static void throwIfFailed(final ReadOp op) {
    final RuntimeException failure = op.failure;
    if (failure != null) {
      failure.fillInStackTrace();
      throw failure;
    }
  }

  // --- reads that complete a future
  // ----------------------------------------------------------------

  CompletableFuture<Integer> readAsync(
      final ChunkKey key, final long offset, final ByteBuffer target) {
    final long cost = cost(offset, target);
    engine.budget().acquire(cost, !AshlarThread.isCurrent());
    final int token = guard.enter();
    if (token < 0) {
      engine.budget().release(cost);
      throw new StoreClosedException("the store is closed");
    }
    final ReadOp op = engine.reads().take();
    final CompletableFuture<Integer> future = new CompletableFuture<>();
    op.prepare(key, token);
    try {
      final int done = device.isMemory() ? tryInline(op, offset, target) : NOT_DONE;
      final int length =
          done != NOT_DONE
              ? done
              : prepareTransfer(op, offset, target.isDirect() ? target : target.duplicate());
      if (done != NOT_DONE || length == 0) {
        abandon(op, cost);
        future.complete(length);
        return future;
      }
    } catch (final RuntimeException e) {
      abandon(op, cost);
      future.completeExceptionally(e);
      return future;
    }
    op.cost = cost;
    op.future = future;
    if (op.pages <= INLINE_PAGES) {
      op.reactor = device.drivenReactor();
    }
    op.begin();
    return future;
  }

  /** Reads in this thread and leaves the epoch, if that is possible. */
  private int tryInline(final ReadOp op, final long offset, final ByteBuffer target) {
    boolean done = false;
    try {
      final int length = lookUp(op, offset, target.remaining());
      done = length == 0 || inline(op, target);
      return done ? length : NOT_DONE;
    } catch (final RuntimeException | Error e) {
      done = true;
      throw e;
    } finally {
      if (done) {
        guard.exit(op.guardToken);
      }
    }
  }

  private void abandon(final ReadOp op, final long cost) {
    op.recycle();
    engine.reads().give(op);
    engine.budget().release(cost);
  }

  private static long cost(final long offset, final ByteBuffer target) {
    final int length = target.remaining();
    if (length == 0) {
      return COST_BYTES;
    }
    final long maps = (length / Pages.PAGE_BYTES) * (long) (Long.BYTES + Integer.BYTES);
    return COST_BYTES
        + maps
        + (target.isDirect() ? 0 : Transfer.stagingBytes(offset, offset + length));
  }

  // --- looking up --------------------------------------------------------------------------------

  /**
   * Looks up where the pages of a range are, all at one moment.
   *
   * @return the length of the range as far as the chunk goes
   */
  private int lookUp(final ReadOp op, final long offset, final int wanted) {
    int attempts = 0;
    while (true) {
      final Chunk chunk = find(op.key);
      final int length =
          ++attempts <= OPTIMISTIC_ATTEMPTS
              ? lookUpOnce(op, chunk, offset, wanted)
              : lookUpLocked(op, chunk, offset, wanted);
      if (length >= 0) {
        return length;
      }
    }
  }

  private int lookUpOnce(final ReadOp op, final Chunk chunk, final long offset, final int wanted) {
    final int seen = chunk.beginRead();
    final boolean exists = chunk.exists;
    final long size = chunk.sizeBytes;
    if (!exists) {
      if (!chunk.validate(seen)) {
        return -1;
      }
      throw new NoSuchChunkException(op.key);
    }
    final int length = (int) Math.max(0, Math.min(wanted, size - offset));
    if (length == 0) {
      return chunk.validate(seen) ? 0 : -1;
    }
    op.range(offset, length);
    for (int at = 0; at < op.pages; ) {
      final long page = op.firstPage + at;
      final CachedSegment segment = cache.segment(chunk, page / Pages.SEGMENT_PAGES);
      if (segment == null) {
        cache.discard(chunk);
        return -1;
      }
      final int inSegment = (int) (page % Pages.SEGMENT_PAGES);
      final int count = Math.min(Pages.SEGMENT_PAGES - inSegment, op.pages - at);
      segment.copyTo(inSegment, count, op.locations, op.crcs, at);
      at += count;
    }
    return chunk.validate(seen) ? length : -1;
  }

  /** For chunks that change too often: under the monitor nothing changes. */
  private int lookUpLocked(
      final ReadOp op, final Chunk chunk, final long offset, final int wanted) {
    final long last = Pages.segmentOf(offset + wanted - 1);
    for (long number = Pages.segmentOf(offset); number <= last; number++) {
      if (number * Pages.SEGMENT_BYTES < chunk.sizeBytes && cache.segment(chunk, number) == null) {
        cache.discard(chunk);
        return -1;
      }
    }
    synchronized (chunk) {
      return chunk.evicted ? -1 : lookUpOnce(op, chunk, offset, wanted);
    }
  }

  // --- in the calling thread
  // -----------------------------------------------------------------------

  private boolean readsInline() {
    return device.readsInline() && (device.isMemory() || !VirtualThreads.isCurrentVirtual());
  }

  /**
   * Reads a few pages in this thread.
   *
   * @return false if that is not possible, or failed: an op slot can tell why
   */
  private boolean inline(final ReadOp op, final ByteBuffer target) {
    if (op.pages > INLINE_PAGES || !readsInline()) {
      return false;
    }
    int done = 0;
    for (int i = 0; i < op.pages; i++) {
      final int inPage = i == 0 ? Pages.inPage(op.offset) : 0;
      final int length = Math.min(Pages.PAGE_BYTES - inPage, op.length - done);
      if (!readPage(
          op.locations[i], op.crcs[i], inPage, length, target, target.position() + done)) {
        return false;
      }
      done += length;
    }
    return true;
  }

  private boolean readPage(
      final long location,
      final int crc,
      final int inPage,
      final int length,
      final ByteBuffer target,
      final int at) {
    if (location == Pages.HOLE) {
      target.put(at, engine.zeros(), 0, length);
      return true;
    }
    final int status =
        target.isDirect()
            ? device.readInline(device.path().address(target) + at, inPage, length, location, crc)
            : device.readInline(
                target.array(), target.arrayOffset() + at, inPage, length, location, crc);
    return status == 0;
  }
}
