package dev.ashlar.internal.engine;

import dev.ashlar.internal.Callback;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Operations that are committed together, and whoever waits for them: a thread or a future. Used
 * again and again.
 */
final class Request extends Callback {

  /** What the committer is to do besides. */
  enum Task {
    /** Nothing. */
    NONE,
    /** Make everything before it durable. */
    SYNC,
    /** Make everything before it durable, free what can be freed, then let the operation retry. */
    RECLAIM
  }

  private final Engine engine;

  Task task = Task.NONE;
  boolean durable;
  long cost;

  @Nullable Op firstOp;
  @Nullable Op lastOp;
  int opCount;

  /** Operations whose data is not done. */
  final AtomicInteger undone = new AtomicInteger();

  /** Operations that are not at the front of their queues. */
  final AtomicInteger notAtFront = new AtomicInteger();

  /** It is in the committer's queue, or past it. */
  volatile boolean retired;

  private volatile @Nullable RuntimeException failure;

  /** The next one in a queue of the committer. */
  @Nullable Request nextQueued;

  // Whoever waits.
  @Nullable CompletableFuture<@Nullable Void> future;
  private final Signal signal = new Signal();

  Request(final Engine engine) {
    this.engine = engine;
  }

  void prepare(final boolean isDurable, final long itsCost) {
    task = Task.NONE;
    durable = isDurable;
    cost = itsCost;
    firstOp = null;
    lastOp = null;
    opCount = 0;
    retired = false;
    failure = null;
    nextQueued = null;
    future = null;
    signal.reset();
  }

  void add(final Op op) {
    op.request = this;
    if (lastOp == null) {
      firstOp = op;
    } else {
      lastOp.nextInRequest = op;
    }
    lastOp = op;
    opCount++;
  }

  /** Its only operation, which it forgets. */
  Op takeOnlyOp() {
    final Op op = opOfTask();
    firstOp = null;
    lastOp = null;
    return op;
  }

  /** All operations are there. */
  void seal() {
    undone.set(opCount);
    notAtFront.set(opCount);
  }

  /** Notes an error; the first counts. */
  synchronized void fail(final RuntimeException error) {
    if (failure == null) {
      failure = error;
    }
  }

  @Nullable RuntimeException failure() {
    return failure;
  }

  // --- completion ------------------------------------------------------------------------------

  /**
   * Everything is over and nothing refers to it any more: tells a thread that waits.
   *
   * @return whether there is a future instead, which {@link #run} completes
   */
  boolean finish() {
    if (future != null) {
      return true;
    }
    engine.budget().release(cost);
    signal.set();
    return false;
  }

  @Override
  protected void run() {
    final CompletableFuture<@Nullable Void> told = future;
    final RuntimeException error = failure;
    final Engine home = engine;
    home.budget().release(cost);
    home.recycle(this);
    home.complete(told, null, error);
  }

  /** Its data is where it belongs; the rest is the committer's. */
  void handOn() {
    signal.handOn();
  }

  /** Waits for {@link #finish}. */
  void await() {
    signal.await(engine.path(), engine.commitGauge());
  }

  /** The first operation, which there is. */
  Op opOfTask() {
    if (firstOp == null) {
      throw new IllegalStateException("a request without an operation");
    }
    return firstOp;
  }
}
