package dev.ashlar.internal.engine;

import dev.ashlar.CorruptMetadataException;
import dev.ashlar.internal.OpSlots;
import dev.ashlar.internal.Pages;
import dev.ashlar.internal.SlotOwner;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives pages back to their bitmaps.
 *
 * <p>Pages that a durable commit has dropped may still be read by whoever looked them up before;
 * they are freed once everybody has left who was inside the {@link EpochGuard} at the commit. Pages
 * that never were in any map are freed at once.
 */
final class PageReclaimer {
  private static final Logger LOG = LoggerFactory.getLogger(PageReclaimer.class);
  private static final int BATCHES_KEPT = 64;

  private final Engine engine;
  private final EpochGuard guard;
  private final OpSlots slots;
  private final ObjectPool<FreeBatch> batches = new ObjectPool<>(BATCHES_KEPT, FreeBatch::new);
  private final AtomicInteger inFlight = new AtomicInteger();

  // The committer's. Pages arrive in `arriving`, and wait in `leaving` for readers to leave.
  private RunList arriving = new RunList();
  private RunList leaving = new RunList();
  private List<Op> retriesArriving = new ArrayList<>();
  private List<Op> retriesLeaving = new ArrayList<>();
  private boolean waitingForReaders;
  private int phase;

  // Somebody wants to know when all have left who are inside: asked, then waiting with the others.
  private boolean departureAsked;
  private boolean departureAwaited;

  PageReclaimer(final Engine engine, final EpochGuard guard) {
    this.engine = engine;
    this.guard = guard;
    this.slots = engine.path().slots();
  }

  // --- for the committer -------------------------------------------------------------------------

  /** Pages that a commit has dropped which is durable and published. */
  void add(final RunList freed) {
    arriving.addAll(freed);
  }

  /** Lets an operation retry once all that has been added before is free. */
  void retryLater(final Op op) {
    retriesArriving.add(op);
  }

  /** Begins to wait for all who are inside the guard now, and counts nobody who enters later. */
  void awaitAllInside() {
    departureAsked = true;
  }

  /** Whether all have left who were inside at {@link #awaitAllInside}; {@link #poll} finds out. */
  boolean haveAllLeft() {
    return !departureAsked && !departureAwaited;
  }

  /**
   * Frees what can be freed.
   *
   * @return whether something is left that needs another call
   */
  boolean poll() {
    if (!waitingForReaders && (isAnythingArriving() || departureAsked)) {
      swap();
      departureAwaited = departureAsked;
      departureAsked = false;
      phase = guard.flip();
      waitingForReaders = true;
    }
    if (waitingForReaders && guard.hasLeft(phase)) {
      departureAwaited = false;
      free(leaving.locations(), leaving.counts(), leaving.size());
      leaving.clear();
      if (retriesLeaving.isEmpty()) {
        waitingForReaders = false;
      } else if (inFlight.get() == 0) {
        waitingForReaders = false;
        retry();
      }
    }
    return waitingForReaders || isAnythingArriving() || departureAsked || inFlight.get() > 0;
  }

  private boolean isAnythingArriving() {
    return !arriving.isEmpty() || !retriesArriving.isEmpty();
  }

  private void swap() {
    final RunList empty = leaving;
    leaving = arriving;
    arriving = empty;
    final List<Op> none = retriesLeaving;
    retriesLeaving = retriesArriving;
    retriesArriving = none;
  }

  private void retry() {
    final List<Op> ready = List.copyOf(retriesLeaving);
    retriesLeaving.clear();
    for (final Op op : ready) {
      engine.scheduler().retry(op);
    }
  }

  // --- for any thread ----------------------------------------------------------------------------

  /** Frees the fresh pages of an operation that never got into any map; again is fine. */
  void freeUnused(final Op op) {
    if (!op.hasFreshPages) {
      return;
    }
    op.hasFreshPages = false;
    final RunList runs = new RunList();
    for (int i = 0; i < op.pages; i++) {
      if (op.locations[i] != Pages.HOLE) {
        runs.add(op.locations[i]);
      }
    }
    freeUnused(runs);
  }

  /** Frees pages that never got into any map, and forgets them. */
  void freeUnused(final RunList runs) {
    free(runs.locations(), runs.counts(), runs.size());
    runs.clear();
  }

  private void free(final long[] locations, final int[] counts, final int size) {
    for (int from = 0; from < size; from += Pages.SEGMENT_PAGES) {
      final FreeBatch batch = batches.take();
      batch.fill(locations, counts, from, Math.min(Pages.SEGMENT_PAGES, size - from));
      inFlight.incrementAndGet();
      slots.acquire(batch);
    }
  }

  /** One op slot's worth of runs. */
  private final class FreeBatch implements OpSlots.Waiter, SlotOwner {
    private final long[] locations = new long[Pages.SEGMENT_PAGES];
    private final int[] counts = new int[Pages.SEGMENT_PAGES];
    private int size;

    void fill(final long[] fromLocations, final int[] fromCounts, final int from, final int runs) {
      System.arraycopy(fromLocations, from, locations, 0, runs);
      System.arraycopy(fromCounts, from, counts, 0, runs);
      size = runs;
    }

    @Override
    public void slotGranted(final int slot) {
      slots.free(slot, engine.device().handle(), size);
      slots.putPages(slot, locations, counts, 0, size);
      engine.path().submit(slot, engine.reactorFor(locations[0]), this);
    }

    @Override
    public void slotDone(final int slot) {
      final int status = slots.status(slot);
      slots.release(slot);
      batches.give(this);
      if (status < 0) {
        LOG.error("pages could not be freed, status {}", status);
        engine
            .failure()
            .set(
                new CorruptMetadataException(
                    "pages could not be freed (status "
                        + status
                        + "): the maps of free pages are wrong"));
      }
      if (inFlight.decrementAndGet() == 0) {
        engine.committer().wake();
      }
    }
  }
}
