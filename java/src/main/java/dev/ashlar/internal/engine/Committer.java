package dev.ashlar.internal.engine;

import dev.ashlar.internal.AshlarThread;
import dev.ashlar.internal.metadata.MetadataBatch;
import dev.ashlar.internal.metadata.MetadataStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits retired requests in groups, in the order in which they retired.
 *
 * <p>A group with something durable in it: the data is flushed, one synced batch stores the changes
 * of this group and of those before it, readers see them, whoever waits is told, and only then the
 * old pages go to the {@link PageReclaimer}. A group without: readers see it and whoever waits is
 * told at once; it is stored with the next one that is durable, or when the delay is over.
 *
 * <p>After an error of the device or the metadata nothing is committed any more; see {@link
 * StickyFailure}. But if the metadata found no space, {@link SpaceRecovery} may end that. One
 * thread.
 */
final class Committer {
  private static final Logger LOG = LoggerFactory.getLogger(Committer.class);
  private static final int MAX_REQUESTS = 1024;
  private static final int MAX_SEGMENT_CHANGES = 1024;
  private static final int MAX_FREED_RUNS = 1 << 16;
  private static final long RECLAIM_POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final Engine engine;
  private final Transaction transaction;
  private final StickyFailure failure;
  private final Flusher flusher;
  private final SpaceRecovery recovery;
  private final long delayNanos;
  private final MetadataBatch batch = new MetadataBatch();

  private final WallClock clock = new WallClock();
  private final RequestQueue queue = new RequestQueue();
  private final Gathering gathering = new Gathering();
  private final List<Request> group = new ArrayList<>();
  private final AshlarThread thread;
  private volatile boolean parked;
  private volatile boolean stopping;
  private volatile boolean lost;

  /**
   * When what is committed and not stored must be stored; counts unless the transaction is empty.
   */
  private long deadlineNanos;

  private volatile long commits;
  private volatile long committedRequests;

  Committer(
      final Engine engine,
      final MetadataStore metadata,
      final ChunkCache cache,
      final StickyFailure failure,
      final long delayNanos,
      final String name) {
    this.engine = engine;
    this.transaction = new Transaction(cache, metadata);
    this.failure = failure;
    this.flusher = new Flusher(engine);
    this.recovery = new SpaceRecovery(engine, metadata, transaction, failure);
    this.delayNanos = delayNanos;
    this.thread = new AshlarThread("ashlar-commit-" + name, this::run);
  }

  void start() {
    thread.start();
  }

  /** Stores what is left, waits for frees, ends the thread. Nothing is under way any more. */
  void stop() {
    stopping = true;
    LockSupport.unpark(thread);
    Threads.join(thread);
  }

  /** A request will be enqueued, or will fail before it could be; any thread. */
  void expect() {
    gathering.expect();
  }

  /** A request has retired, or is a task; any thread. It was expected. */
  void enqueue(final Request request) {
    request.handOn(); // before it is in the queue: it may be over, and used again, right after
    queue.put(request);
    arrive();
  }

  /** An expected request has failed; any thread. */
  void miss() {
    arrive();
  }

  /** Whether no change is under way. For its own thread, when changes are refused. */
  boolean isQuiet() {
    return gathering.isQuiet() && queue.isEmpty() && group.isEmpty();
  }

  private void arrive() {
    if (gathering.arrive() || parked) {
      LockSupport.unpark(thread);
    }
  }

  void wake() {
    if (parked) {
      LockSupport.unpark(thread);
    }
  }

  /** A write has completed; any thread. */
  void dataWritten() {
    flusher.dataWritten();
  }

  /** Lets an operation retry once everything that could be freed is free; any thread. */
  void reclaimFor(final Op op) {
    final Request task = new Request(engine);
    task.prepare(true, 0);
    task.task = Request.Task.RECLAIM;
    task.firstOp = op;
    expect();
    enqueue(task);
  }

  /** After the end: throws if changes were acknowledged as ordered that could not be stored. */
  void throwIfLost() {
    if (lost) {
      throw Errors.again(failure.require());
    }
  }

  long commits() {
    return commits;
  }

  long committedRequests() {
    return committedRequests;
  }

  // --- the thread ------------------------------------------------------------------------------

  private void run() {
    while (true) {
      try {
        if (!step()) {
          return;
        }
      } catch (final RuntimeException | Error e) {
        refuseChanges(e);
        failGroup(true);
      }
    }
  }

  private boolean step() {
    final boolean reclaiming = engine.reclaimer().poll();
    if (takeGroup()) {
      if (anyDurable()) {
        gathering.await();
        takeGroup();
      }
      commitGroup();
      return true;
    }
    if (failure.get() == null && !transaction.isEmpty() && (stopping || isDue())) {
      store();
      return true;
    }
    if (recovery.isPending() && (!stopping || !reclaiming)) {
      recovery.attempt(stopping, this::storeAndPublish);
      if (!recovery.isPending()) {
        return true;
      }
    }
    if (stopping && !reclaiming) {
      lost = failure.get() != null && transaction.isPublished();
      return false;
    }
    park(reclaiming);
    return true;
  }

  private void park(final boolean reclaiming) {
    parked = true;
    if (queue.isEmpty()) {
      final long untilDue =
          recovery.isPending()
              ? recovery.untilDue()
              : transaction.isEmpty() || failure.get() != null
                  ? Long.MAX_VALUE
                  : Math.max(1, deadlineNanos - System.nanoTime());
      final long nanos = reclaiming ? Math.min(untilDue, RECLAIM_POLL_NANOS) : untilDue;
      if (nanos != Long.MAX_VALUE) {
        LockSupport.parkNanos(this, nanos);
      } else if (!stopping) {
        LockSupport.park(this);
      }
    }
    parked = false;
  }

  private boolean isDue() {
    return System.nanoTime() - deadlineNanos >= 0;
  }

  private boolean takeGroup() {
    while (group.size() < MAX_REQUESTS) {
      final Request request = queue.poll();
      if (request == null) {
        break;
      }
      group.add(request);
    }
    return !group.isEmpty();
  }

  private boolean anyDurable() {
    for (int i = 0; i < group.size(); i++) {
      if (group.get(i).durable) {
        return true;
      }
    }
    return false;
  }

  // --- a group ---------------------------------------------------------------------------------

  private void commitGroup() {
    if (failure.get() != null) {
      failGroup(false);
      return;
    }
    try {
      if (transaction.isEmpty()) {
        deadlineNanos = System.nanoTime() + delayNanos;
      }
      if (apply() || isFull() || delayNanos == 0) {
        storeAndPublish();
      } else {
        transaction.publish();
      }
    } catch (final RuntimeException | Error e) {
      refuseChanges(e);
      failGroup(true);
      return;
    }
    finishGroup();
  }

  /** Applies the group's operations; true if something in it must be durable. */
  private boolean apply() {
    final long nowMicros = clock.micros();
    boolean durable = false;
    for (int i = 0; i < group.size(); i++) {
      final Request request = group.get(i);
      durable |= request.durable;
      if (request.task == Request.Task.NONE) {
        for (Op op = request.firstOp; op != null; op = op.nextInRequest) {
          transaction.apply(op, nowMicros);
        }
      }
    }
    return durable;
  }

  private boolean isFull() {
    return transaction.segmentChanges() > MAX_SEGMENT_CHANGES
        || transaction.freedRuns() > MAX_FREED_RUNS;
  }

  private void store() {
    try {
      storeAndPublish();
    } catch (final RuntimeException | Error e) {
      refuseChanges(e);
    }
  }

  private void refuseChanges(final Throwable error) {
    if (recovery.tookOver(error)) {
      return;
    }
    LOG.error("changes are refused from now on, since a commit failed: {}", error.toString());
    LOG.debug("where it failed", error);
    failure.set(Errors.forGood(error));
    transaction.abandon();
  }

  /** The order of these steps is what makes an acknowledged change durable. */
  private void storeAndPublish() {
    if (transaction.isEmpty()) {
      return;
    }
    final long startNanos = System.nanoTime();
    flusher.flush();
    transaction.fill(batch);
    transaction.blockLoads();
    try {
      recovery.apply(batch);
    } finally {
      batch.clear();
    }
    gathering.committed(System.nanoTime() - startNanos);
    transaction.publish();
    transaction.finish(engine.reclaimer());
    commits++;
    engine.lookAtMetadataSpace();
  }

  private void finishGroup() {
    for (int i = 0; i < group.size(); i++) {
      final Request request = group.get(i);
      if (request.task == Request.Task.RECLAIM) {
        engine.reclaimer().retryLater(request.opOfTask());
      } else {
        committedRequests++;
        unlinkAndFinish(request);
      }
    }
    engine.cache().trim(group.size());
    group.clear();
  }

  /**
   * Ends the requests of the group with the error.
   *
   * @param applied whether its operations, or some, are in the transaction
   */
  private void failGroup(final boolean applied) {
    for (int i = 0; i < group.size(); i++) {
      final Request request = group.get(i);
      if (request.task == Request.Task.RECLAIM) {
        final Op op = request.opOfTask();
        final RuntimeException error = Errors.again(failure.require());
        if (op.stage == null) {
          op.request.fail(error);
          engine.scheduler().retry(op);
        } else {
          op.stage.dataMoved(op, error);
        }
      } else {
        request.fail(Errors.again(failure.require()));
        for (Op op = request.firstOp; op != null; op = op.nextInRequest) {
          recovery.note(op, applied);
        }
        unlinkAndFinish(request);
      }
    }
    group.clear();
  }

  private void unlinkAndFinish(final Request request) {
    for (Op op = request.firstOp; op != null; op = op.nextInRequest) {
      synchronized (op.chunk) {
        op.chunk.unlink(op);
      }
    }
    engine.finish(request);
  }
}
