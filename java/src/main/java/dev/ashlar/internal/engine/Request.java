package dev.ashlar.internal.engine;

import dev.ashlar.internal.Callback;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
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
  private volatile @Nullable Thread waiter;
  private volatile boolean done;

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
    waiter = null;
    done = false;
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

  /** Everything is over and nothing refers to it any more: tells whoever waits. */
  void finish() {
    if (future != null) {
      engine.path().post(this);
      return;
    }
    engine.budget().release(cost);
    done = true;
    // From here on the waiter may have used it for something new; then this wakes nobody or early.
    final Thread waiting = waiter;
    if (waiting != null) {
      LockSupport.unpark(waiting);
    }
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

  /** Waits for {@link #finish}; an interrupt is kept for later. */
  void await() {
    waiter = Thread.currentThread();
    boolean interrupted = false;
    while (!done) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
