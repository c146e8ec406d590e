package dev.ashlar.internal.engine;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.internal.DataPath;
import dev.ashlar.internal.StoreDevice;
import dev.ashlar.internal.metadata.MetadataStore;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** The parts of one open store, and what they share. */
final class Engine {
  private static final int POOLED = 256;

  private final StoreDevice device;
  private final DataPath path;
  private final MetadataStore metadata;
  private final @Nullable Executor callbackExecutor;

  private volatile boolean metadataSpaceLow;
  private final StickyFailure failure = new StickyFailure();
  private final EpochGuard guard = new EpochGuard();
  private final SpinGauge commitGauge = new SpinGauge();
  private final SpinGauge readGauge = new SpinGauge();
  private final ByteBuffer zeros;
  private final Budget budget;
  private final StagingPool staging;
  private final ChunkCache cache;
  private final OpScheduler scheduler;
  private final PageReclaimer reclaimer;
  private final Committer committer;

  private final Set<BatchImpl> stagedBatches = ConcurrentHashMap.newKeySet();
  private final ObjectPool<Op> ops = new ObjectPool<>(POOLED, () -> new Op(this));
  private final ObjectPool<Request> requests = new ObjectPool<>(POOLED, () -> new Request(this));
  private final ObjectPool<ReadOp> reads = new ObjectPool<>(POOLED, () -> new ReadOp(this));

  Engine(
      final StoreDevice device,
      final MetadataStore metadata,
      final ChunkStoreOptions options,
      final MemoryPlan memory) {
    this.device = device;
    this.path = device.path();
    this.metadata = metadata;
    this.callbackExecutor = options.callbackExecutor();
    lookAtMetadataSpace();
    this.zeros = path.allocate(dev.ashlar.internal.Pages.PAGE_BYTES);
    this.budget = new Budget(memory.operationsBytes());
    this.staging = new StagingPool(path, memory.operationsBytes());
    this.cache = new ChunkCache(metadata, failure, memory.mapsBytes());
    this.scheduler = new OpScheduler(this);
    this.reclaimer = new PageReclaimer(this, guard);
    this.committer =
        new Committer(
            this,
            metadata,
            cache,
            failure,
            options.orderedDelay().toNanos(),
            options.device().label());
  }

  StoreDevice device() {
    return device;
  }

  DataPath path() {
    return path;
  }

  MetadataStore metadata() {
    return metadata;
  }

  StickyFailure failure() {
    return failure;
  }

  /**
   * Metadata has been written: takes a look at what space it has left. Where there is little, the
   * next is written only when compactions have caught up, however slow they are: what waits for
   * them takes several times the space that it will.
   */
  void lookAtMetadataSpace() {
    boolean low = isMetadataSpaceLowNow();
    if (low) {
      metadata.settle();
      low = isMetadataSpaceLowNow();
    }
    if (low != metadataSpaceLow) {
      metadataSpaceLow = low;
    }
  }

  /**
   * Whether there is hardly room for more metadata: then what would make it larger is refused,
   * since removals need what is left.
   */
  boolean isMetadataSpaceLow() {
    // Asked anew, since nobody may have written any metadata since.
    return metadataSpaceLow && isMetadataSpaceLowNow();
  }

  private boolean isMetadataSpaceLowNow() {
    return device.isMetadataSpaceLow() || metadata.isSpaceLow();
  }

  EpochGuard guard() {
    return guard;
  }

  SpinGauge commitGauge() {
    return commitGauge;
  }

  SpinGauge readGauge() {
    return readGauge;
  }

  /** One page of zeros. */
  ByteBuffer zeros() {
    return zeros;
  }

  Budget budget() {
    return budget;
  }

  StagingPool staging() {
    return staging;
  }

  ChunkCache cache() {
    return cache;
  }

  OpScheduler scheduler() {
    return scheduler;
  }

  PageReclaimer reclaimer() {
    return reclaimer;
  }

  Committer committer() {
    return committer;
  }

  /** Batches that hold pages and are not committed. */
  Set<BatchImpl> stagedBatches() {
    return stagedBatches;
  }

  ObjectPool<ReadOp> reads() {
    return reads;
  }

  /** The reactor for a segment: neighbours in a chunk go to different ones. */
  int reactorFor(final ChunkKey key, final long segment) {
    return reactorFor(key.hashCode() + segment);
  }

  int reactorFor(final long number) {
    final int reactors = path.reactors();
    return reactors == 1 ? 0 : (int) Long.remainderUnsigned(number, reactors);
  }

  // --- requests --------------------------------------------------------------------------------

  Op takeOp() {
    return ops.take();
  }

  Request takeRequest(final boolean durable, final long cost) {
    final Request request = requests.take();
    request.prepare(durable, cost);
    return request;
  }

  /** A request is over: lets go of what its operations hold, then tells whoever waits. */
  void finish(final Request request) {
    if (request.opCount == 1) {
      final Op op = request.takeOnlyOp();
      op.transfer.releaseMemory();
      op.recycle();
      ops.give(op);
    } else {
      // Not used again: the scheduler may still be going through them.
      for (Op op = request.firstOp; op != null; op = op.nextInRequest) {
        op.transfer.releaseMemory();
      }
    }
    request.finish();
  }

  /** Keeps a request for the next one; whoever waited has seen its result. */
  void recycle(final Request request) {
    if (request.opCount <= 1) {
      requests.give(request);
    }
  }

  /** Completes a future on the completion thread or in the user's executor. */
  <T> void complete(
      final @Nullable CompletableFuture<T> future,
      final T value,
      final @Nullable RuntimeException error) {
    if (future == null) {
      return;
    }
    final Executor executor = callbackExecutor;
    if (executor == null) {
      completeHere(future, value, error);
      return;
    }
    try {
      executor.execute(() -> completeHere(future, value, error));
    } catch (final RejectedExecutionException e) {
      completeHere(future, value, error); // late is better than never
    }
  }

  private static <T> void completeHere(
      final CompletableFuture<T> future, final T value, final @Nullable RuntimeException error) {
    if (error == null) {
      future.complete(value);
    } else {
      future.completeExceptionally(error);
    }
  }

  /** Gives back what is not needed any more once everything is over. */
  void releaseMemory() {
    staging.close();
    path.free(zeros);
  }
}
