package dev.ashlar.internal.engine;

import dev.ashlar.ChunkKey;
import dev.ashlar.StoreClosedException;
import dev.ashlar.internal.AshlarThread;
import dev.ashlar.internal.Pages;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Changes on their way in: from a checked call to operations in the queues of their chunks.
 *
 * <p>The calling thread reads what maps are missing; the rest of the way never waits for metadata.
 */
final class Submission {
  private static final int OP_COST_BYTES = 2048;
  private static final int LOADED_FOR_REMOVAL = 16;

  private final Engine engine;
  private final Object batchOrder = new Object();

  Submission(final Engine engine) {
    this.engine = engine;
  }

  /** One change, checked. */
  record Change(
      OpKind kind, ChunkKey key, long offset, @Nullable ByteBuffer source, @Nullable Op staged) {}

  // --- one change
  // ----------------------------------------------------------------------------------

  /** Makes one change and waits for it. */
  void change(
      final OpKind kind,
      final ChunkKey key,
      final long offset,
      final @Nullable ByteBuffer source,
      final boolean durable) {
    AshlarThread.refuseBlocking(kind.call());
    if (grows(kind) && engine.isMetadataSpaceLow()) {
      throw Errors.metadataSpaceLow();
    }
    await(submit(kind, key, offset, source, durable, null));
  }

  /** Makes one change. */
  CompletableFuture<Void> changeAsync(
      final OpKind kind,
      final ChunkKey key,
      final long offset,
      final @Nullable ByteBuffer source,
      final boolean durable) {
    if (grows(kind) && engine.isMetadataSpaceLow()) {
      return CompletableFuture.failedFuture(Errors.metadataSpaceLow());
    }
    final CompletableFuture<Void> future = new CompletableFuture<>();
    submit(kind, key, offset, source, durable, future);
    return future;
  }

  private Request submit(
      final OpKind kind,
      final ChunkKey key,
      final long offset,
      final @Nullable ByteBuffer source,
      final boolean durable,
      final @Nullable CompletableFuture<Void> future) {
    final long cost = cost(offset, source);
    final int token = begin(cost);
    try {
      final Request request = engine.takeRequest(durable, cost);
      request.future = future;
      final Op op = engine.takeOp();
      try {
        prepare(op, kind, offset, source);
        putInQueue(request, op, key);
      } catch (final RuntimeException | Error e) {
        op.transfer.releaseMemory();
        engine.budget().release(cost);
        throw e;
      }
      request.seal();
      engine.committer().expect();
      load(op);
      engine.scheduler().loaded(op);
      return request;
    } finally {
      engine.guard().exit(token);
    }
  }

  private void putInQueue(final Request request, final Op op, final ChunkKey key) {
    while (true) {
      final Chunk chunk = engine.cache().obtain(key);
      synchronized (chunk) {
        if (!chunk.evicted) {
          put(request, op, chunk);
          return;
        }
      }
      engine.cache().discard(chunk);
    }
  }

  private void put(final Request request, final Op op, final Chunk chunk) {
    op.chunk = chunk;
    request.add(op);
    engine.scheduler().append(op);
  }

  // --- many changes
  // --------------------------------------------------------------------------------

  /** Makes changes together and waits for them. */
  void changeAll(final List<Change> changes, final boolean durable) {
    AshlarThread.refuseBlocking("commit");
    if (grow(changes) && engine.isMetadataSpaceLow()) {
      discard(changes);
      throw Errors.metadataSpaceLow();
    }
    if (!changes.isEmpty()) {
      await(submitAll(changes, durable, null));
    }
  }

  /** Makes changes together. */
  CompletableFuture<Void> changeAllAsync(final List<Change> changes, final boolean durable) {
    if (grow(changes) && engine.isMetadataSpaceLow()) {
      discard(changes);
      return CompletableFuture.failedFuture(Errors.metadataSpaceLow());
    }
    final CompletableFuture<Void> future = new CompletableFuture<>();
    if (changes.isEmpty()) {
      future.complete(null);
    } else {
      submitAll(changes, durable, future);
    }
    return future;
  }

  private Request submitAll(
      final List<Change> changes,
      final boolean durable,
      final @Nullable CompletableFuture<Void> future) {
    long cost = 0;
    for (final Change change : changes) {
      cost += cost(change.offset(), change.source());
    }
    final int token;
    try {
      token = begin(cost);
    } catch (final RuntimeException e) {
      discard(changes);
      throw e;
    }
    try {
      final Request request = engine.takeRequest(durable, cost);
      request.future = future;
      final Map<ChunkKey, List<Op>> byChunk = new LinkedHashMap<>();
      try {
        for (final Change change : changes) {
          final Op op = change.staged() == null ? engine.takeOp() : change.staged();
          byChunk.computeIfAbsent(change.key(), key -> new ArrayList<>()).add(op);
          if (change.staged() == null) {
            prepare(op, change.kind(), change.offset(), change.source());
          }
        }
        putAllInQueues(request, byChunk);
      } catch (final RuntimeException | Error e) {
        if (request.opCount == 0) {
          byChunk.values().forEach(ops -> ops.forEach(op -> op.transfer.releaseMemory()));
          discard(changes);
          engine.budget().release(cost);
          throw e;
        }
        request.fail(Errors.unexpected(e)); // what is in a queue already leaves it the usual way
      }
      request.seal();
      engine.committer().expect();
      final List<Op> ops = new ArrayList<>();
      for (Op op = request.firstOp; op != null; op = op.nextInRequest) {
        load(op);
        ops.add(op);
      }
      ops.forEach(engine.scheduler()::loaded); // the last one may end the request
      return request;
    } finally {
      engine.guard().exit(token);
    }
  }

  /** All batches take their places in the same order in all queues they share. */
  private void putAllInQueues(final Request request, final Map<ChunkKey, List<Op>> byChunk) {
    synchronized (batchOrder) {
      for (final Map.Entry<ChunkKey, List<Op>> entry : byChunk.entrySet()) {
        boolean done = false;
        while (!done) {
          final Chunk chunk = engine.cache().obtain(entry.getKey());
          synchronized (chunk) {
            if (!chunk.evicted) {
              entry.getValue().forEach(op -> put(request, op, chunk));
              done = true;
            }
          }
          if (!done) {
            engine.cache().discard(chunk);
          }
        }
      }
    }
  }

  // --- staging

  /**
   * Moves the data of changes to the device before they are submitted.
   *
   * @param batch to be discarded when the store is closed
   * @return what is to be submitted in their place
   */
  List<Change> stage(final BatchImpl batch, final List<Change> changes) {
    AshlarThread.refuseBlocking("stage");
    final List<Change> parts = new ArrayList<>();
    changes.forEach(change -> Stage.split(change, parts));
    final long cost = parts.stream().mapToLong(Stage::cost).sum();
    final int token = begin(cost);
    try {
      final Stage stage = new Stage(engine);
      try {
        engine.stagedBatches().add(batch);
        parts.replaceAll(stage::begin);
      } catch (final RuntimeException | Error e) {
        stage.fail(Errors.unexpected(e));
      } finally {
        engine.guard().exit(token); // on a full device the stage waits for everybody to leave
      }
      final RuntimeException error = stage.await();
      if (error != null) {
        error.fillInStackTrace();
        throw error;
      }
      return parts;
    } finally {
      engine.budget().release(cost);
    }
  }

  /** Gives back the pages of staged changes that are not submitted. */
  void discard(final List<Change> changes) {
    for (final Change change : changes) {
      if (change.staged() != null) {
        engine.reclaimer().freeUnused(change.staged());
      }
    }
  }

  /** Nothing is staged in a batch any more. */
  void forget(final BatchImpl batch) {
    engine.stagedBatches().remove(batch);
  }

  // --- tasks
  // ---------------------------------------------------------------------------------------

  /** Makes everything durable that was committed, and waits for it. */
  void sync() {
    AshlarThread.refuseBlocking("sync");
    await(submitSync(null));
  }

  /** Makes everything durable that was committed. */
  CompletableFuture<Void> syncAsync() {
    final CompletableFuture<Void> future = new CompletableFuture<>();
    submitSync(future);
    return future;
  }

  private Request submitSync(final @Nullable CompletableFuture<Void> future) {
    final int token = begin(OP_COST_BYTES);
    try {
      final Request request = engine.takeRequest(true, OP_COST_BYTES);
      request.future = future;
      engine.committer().expect();
      engine.committer().enqueue(request);
      return request;
    } finally {
      engine.guard().exit(token);
    }
  }

  // --- steps
  // ---------------------------------------------------------------------------------------

  private int begin(final long cost) {
    engine.budget().acquire(cost, !AshlarThread.isCurrent());
    boolean done = false;
    try {
      final int token = engine.guard().enter();
      if (token < 0) {
        throw new StoreClosedException("the store is closed");
      }
      final RuntimeException failure = engine.failure().get();
      if (failure != null) {
        engine.guard().exit(token);
        throw Errors.again(failure); // this one: it may pass meanwhile
      }
      done = true;
      return token;
    } finally {
      if (!done) {
        engine.budget().release(cost);
      }
    }
  }

  /** Whether a change may add to the metadata; that of a new size is no more than a removal's. */
  private static boolean grows(final OpKind kind) {
    return kind == OpKind.CREATE || kind == OpKind.WRITE;
  }

  private static boolean grow(final List<Change> changes) {
    return changes.stream().anyMatch(change -> grows(change.kind()));
  }

  private static long cost(final long offset, final @Nullable ByteBuffer source) {
    if (source == null || !source.hasRemaining()) {
      return OP_COST_BYTES;
    }
    final int length = source.remaining();
    final long maps = (length / Pages.PAGE_BYTES) * (long) (Long.BYTES + Integer.BYTES);
    return OP_COST_BYTES
        + maps
        + (source.isDirect() ? 0 : Transfer.stagingBytes(offset, offset + length));
  }

  private static void prepare(
      final Op op, final OpKind kind, final long offset, final @Nullable ByteBuffer source) {
    final int length = source == null ? 0 : source.remaining();
    op.prepare(kind, offset, length);
    if (source != null && length > 0) {
      op.transfer.memory(source, source.position());
      if (op.transfer.isStaged()) {
        op.transfer.stage(offset, offset + length);
      }
    }
  }

  /**
   * Brings the maps into the cache that the operation's data and its commit need. They stay there
   * until it is committed, since its chunk is in use.
   */
  private void load(final Op op) {
    try {
      switch (op.kind) {
        case CREATE -> {}
        case WRITE -> {
          if (op.length > 0) {
            loadSegments(op.chunk, Pages.segmentOf(op.offset), Pages.segmentOf(op.end() - 1));
          }
        }
        case RESIZE -> {
          if (Pages.inSegment(op.offset) != 0) {
            loadSegments(op.chunk, Pages.segmentOf(op.offset), Pages.segmentOf(op.offset));
          }
        }
        case REMOVE -> {
          final long last = Pages.segmentOf(Math.max(0, op.chunk.sizeBytes - 1));
          if (op.chunk.exists && last < LOADED_FOR_REMOVAL) {
            loadSegments(op.chunk, 0, last); // so that the committer need not read
          }
        }
      }
    } catch (final RuntimeException e) {
      op.request.fail(e);
    }
  }

  private void loadSegments(final Chunk chunk, final long first, final long last) {
    for (long number = first; number <= last; number++) {
      if (engine.cache().segment(chunk, number) == null) {
        throw new IllegalStateException(chunk + " was dropped while in use");
      }
    }
  }

  private void await(final Request request) {
    request.await();
    final RuntimeException failure = request.failure();
    engine.recycle(request);
    if (failure != null) {
      failure.fillInStackTrace();
      throw failure;
    }
  }
}
