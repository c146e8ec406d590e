package dev.ashlar.internal.engine;

import dev.ashlar.ChunkExistsException;
import dev.ashlar.NoSuchChunkException;
import dev.ashlar.OutOfSpaceException;
import dev.ashlar.internal.Pages;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Decides when operations in the queues of their chunks may start and when they retire.
 *
 * <p>An operation starts when nothing before it in its queue that it conflicts with is unsettled,
 * so writes to different pages of a chunk move at the same time. Operations retire into the
 * committer's queue in the order of the chunk's queue; a request with several operations retires at
 * once, when all are at the front of their queues.
 *
 * <p>No state of its own: everything is in the operations, under the monitors of their chunks.
 * Never more than one monitor is held. Chains of operations to start are passed along and started
 * outside any monitor.
 */
final class OpScheduler {
  private final Engine engine;

  OpScheduler(final Engine engine) {
    this.engine = engine;
  }

  // --- entering --------------------------------------------------------------------------------

  /** Puts an operation at the end of its chunk's queue; under the monitor. */
  void append(final Op op) {
    int blockers = 0;
    for (Op earlier = op.chunk.last; earlier != null; earlier = earlier.older) {
      if (!earlier.isSettledFor(op) && op.conflictsWith(earlier)) {
        blockers++;
      }
    }
    op.blockers = blockers;
    op.chunk.append(op);
  }

  /** The maps that an operation needs are in the cache, or its request has failed. */
  void loaded(final Op op) {
    final boolean ready;
    synchronized (op.chunk) {
      op.loaded = true;
      ready = op.blockers == 0;
    }
    if (ready) {
      run(op);
    }
  }

  // --- starting --------------------------------------------------------------------------------

  private void run(final @Nullable Op chain) {
    Op next = chain;
    while (next != null) {
      final Op op = next;
      next = op.nextToRun;
      op.nextToRun = null;
      next = start(op, next);
    }
  }

  private @Nullable Op start(final Op op, final @Nullable Op chain) {
    if (op.request.failure() != null) {
      return memberDone(op, chain);
    }
    final boolean moves;
    synchronized (op.chunk) {
      moves = check(op) && needsData(op);
    }
    if (moves) {
      op.transfer.begin();
      return chain;
    }
    return memberDone(op, chain);
  }

  /** Whether the operation fits the state that those before it leave. */
  private static boolean check(final Op op) {
    final boolean exists = PendingView.exists(op);
    if (op.kind == OpKind.CREATE && exists) {
      op.request.fail(new ChunkExistsException(op.chunk.key));
      return false;
    }
    if (op.kind != OpKind.CREATE && !exists) {
      op.request.fail(new NoSuchChunkException(op.chunk.key));
      return false;
    }
    return true;
  }

  /** Whether the operation moves data; if so its old content is named. */
  private boolean needsData(final Op op) {
    if (op.kind == OpKind.RESIZE) {
      return needsZeroedTail(op);
    }
    if (op.kind != OpKind.WRITE || op.length == 0 || op.staged) {
      return false;
    }
    op.transfer.noOldContent();
    final boolean headCut = Pages.inPage(op.offset) != 0;
    final boolean tailCut = Pages.inPage(op.end()) != 0;
    if (headCut || (op.pages == 1 && tailCut)) {
      PendingView.findPage(op, op.firstPage);
      op.transfer.oldHead(op.oldLocation, op.oldCrc);
    }
    if (op.pages > 1 && tailCut) {
      PendingView.findPage(op, op.firstPage + op.pages - 1);
      op.transfer.oldTail(op.oldLocation, op.oldCrc);
    }
    return true;
  }

  /** A shrinking into the middle of a page rewrites it with zeros behind the new end. */
  private boolean needsZeroedTail(final Op op) {
    final int inPage = Pages.inPage(op.offset);
    if (inPage == 0 || op.offset >= PendingView.size(op)) {
      return false;
    }
    PendingView.findPage(op, Pages.pageOf(op.offset));
    if (op.oldLocation == Pages.HOLE) {
      return false;
    }
    op.length = Pages.PAGE_BYTES - inPage;
    op.pages = 1;
    op.transfer.noOldContent();
    op.transfer.oldHead(op.oldLocation, op.oldCrc);
    op.transfer.memory(engine.zeros(), 0);
    return true;
  }

  // --- when data has moved -----------------------------------------------------------------------

  /** The data of an operation has moved, or could not. */
  void dataMoved(final Op op, final @Nullable RuntimeException error) {
    if (error != null) {
      engine.reclaimer().freeUnused(op);
      if (error instanceof OutOfSpaceException && !op.retried) {
        op.retried = true;
        engine.committer().reclaimFor(op);
        return;
      }
      op.request.fail(error);
    }
    run(memberDone(op, null));
  }

  /** What could be freed is free: once more. */
  void retry(final Op op) {
    if (op.stage == null) {
      run(start(op, null));
    } else {
      op.transfer.begin();
    }
  }

  private @Nullable Op memberDone(final Op op, final @Nullable Op chain) {
    final Request request = op.request;
    Op next = chain;
    synchronized (op.chunk) {
      op.dataDone = true;
      if (request.opCount > 1) {
        next = unblock(op, true, next);
      }
    }
    if (request.undone.decrementAndGet() > 0) {
      return next;
    }
    return request.failure() == null ? release(request, next) : abort(request, next);
  }

  /** Everything of a request is done and nothing failed: others may count on it. */
  private @Nullable Op release(final Request request, final @Nullable Op chain) {
    Op next = chain;
    ArrayDeque<Request> retired = null;
    Op op = request.firstOp;
    while (op != null) {
      // A request of one operation may be over, and used for something new, once it has retired.
      final Op following = op.nextInRequest;
      final Chunk chunk = op.chunk;
      synchronized (chunk) {
        op.released = true;
        next = unblock(op, false, next);
        retired = retire(chunk, retired);
      }
      op = following;
    }
    retireFurther(retired);
    return next;
  }

  /** Something of a request failed: all of it leaves the queues, and its pages are free again. */
  private @Nullable Op abort(final Request request, final @Nullable Op chain) {
    Op next = chain;
    ArrayDeque<Request> retired = null;
    for (Op op = request.firstOp; op != null; op = op.nextInRequest) {
      synchronized (op.chunk) {
        next = unblock(op, false, next);
        op.chunk.unlink(op);
        retired = retire(op.chunk, retired);
      }
      engine.reclaimer().freeUnused(op);
    }
    retireFurther(retired);
    engine.committer().miss();
    if (engine.finish(request)) {
      engine.path().post(request);
    }
    return next;
  }

  private static @Nullable Op unblock(
      final Op op, final boolean sameRequest, final @Nullable Op chain) {
    Op next = chain;
    for (Op later = op.newer; later != null; later = later.newer) {
      if ((later.request == op.request) == sameRequest
          && later.conflictsWith(op)
          && --later.blockers == 0
          && later.loaded) {
        later.nextToRun = next;
        next = later;
      }
    }
    return next;
  }

  // --- retiring --------------------------------------------------------------------------------

  /**
   * Retires what can be retired at the front of a queue; under the monitor.
   *
   * @param retired requests whose other chunks must be looked at, or null
   * @return the same with those that retired here
   */
  private @Nullable ArrayDeque<Request> retire(
      final Chunk chunk, final @Nullable ArrayDeque<Request> retired) {
    ArrayDeque<Request> further = retired;
    Op op = chunk.firstUnretired;
    while (op != null && op.released) {
      final Request request = op.request;
      if (!request.retired) {
        int arrived = 0;
        for (Op at = op; at != null && at.request == request; at = at.newer) {
          if (!at.atFront) {
            at.atFront = true;
            arrived++;
          }
        }
        if (arrived == 0 || request.notAtFront.addAndGet(-arrived) > 0) {
          break;
        }
        if (request.opCount > 1) {
          further = further == null ? new ArrayDeque<>() : further;
          further.add(request);
        }
        // Others may follow it only once it is in the committer's queue. The committer cannot be
        // done with it before this monitor is free.
        engine.committer().enqueue(request);
        request.retired = true;
      }
      op = op.newer;
      chunk.firstUnretired = op;
    }
    return further;
  }

  private void retireFurther(final @Nullable ArrayDeque<Request> retired) {
    if (retired == null) {
      return;
    }
    ArrayDeque<Request> further = retired;
    for (Request request = further.poll(); request != null; request = further.poll()) {
      for (Op op = request.firstOp; op != null; op = op.nextInRequest) {
        synchronized (op.chunk) {
          further = retire(op.chunk, further);
        }
      }
    }
  }
}
