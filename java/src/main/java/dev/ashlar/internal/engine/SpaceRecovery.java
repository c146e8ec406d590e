package dev.ashlar.internal.engine;

import dev.ashlar.OutOfSpaceException;
import dev.ashlar.internal.Pages;
import dev.ashlar.internal.metadata.MetadataBatch;
import dev.ashlar.internal.metadata.MetadataStore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a store back whose metadata found no space for a commit.
 *
 * <p>That commit has failed, and so does every change that was under way: one may have counted on
 * the result of another. Changes are refused until all of them are over. Then the metadata is
 * opened again, which tells whether the batch of the commit is in its log.
 *
 * <ul>
 *   <li>It is not: the changes that failed are taken out of the transaction, and their pages are
 *       free. What is left is what readers see. It is stored as a whole, since of the changes that
 *       were acknowledged before they were durable the batch had the last ones as well; and because
 *       only a commit that succeeds shows that commits succeed.
 *   <li>It is, and durable now: then all of it is published, for good, though those who waited for
 *       it were told that it failed.
 * </ul>
 *
 * <p>For the committer's thread.
 */
final class SpaceRecovery {
  private static final Logger LOG = LoggerFactory.getLogger(SpaceRecovery.class);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long LAST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Engine engine;
  private final MetadataStore metadata;
  private final Transaction transaction;
  private final StickyFailure failure;

  /** Fresh pages of changes that are in the batch which failed. */
  private final RunList inBatch = new RunList();

  /** Fresh pages of changes that are in no batch. */
  private final RunList inNone = new RunList();

  /** The error of the last batch for which there was no space. */
  private @Nullable OutOfSpaceException noSpace;

  private boolean rolledBack;
  private long pauseNanos;
  private long dueNanos;

  SpaceRecovery(
      final Engine engine,
      final MetadataStore metadata,
      final Transaction transaction,
      final StickyFailure failure) {
    this.engine = engine;
    this.metadata = metadata;
    this.transaction = transaction;
    this.failure = failure;
  }

  /** Stores a batch durably. */
  void apply(final MetadataBatch batch) {
    try {
      metadata.apply(batch, true);
    } catch (final OutOfSpaceException e) {
      noSpace = e;
      throw e;
    }
  }

  /**
   * A commit has failed, for whatever reason. If {@link #apply} found no space, it is this object's
   * from here on; the operations of its group are still to be noted.
   *
   * @return whether it is
   */
  boolean tookOver(final Throwable error) {
    if (error != noSpace) {
      return false; // a flush that finds no space has lost data
    }
    failure.setUntilThereIsSpace(noSpace);
    LOG.warn("changes are refused until the metadata finds space: {}", error.getMessage());
    transaction.abandon(); // whoever waits for its drops is inside
    engine.reclaimer().awaitAllInside();
    pauseNanos = FIRST_PAUSE_NANOS;
    dueNanos = System.nanoTime();
    return true;
  }

  /**
   * Keeps the pages of an operation that fails.
   *
   * @param wasApplied whether it is in the transaction
   */
  void note(final Op op, final boolean wasApplied) {
    if (!failure.mayPass() || !op.hasFreshPages) {
      return;
    }
    op.hasFreshPages = false;
    final RunList runs = wasApplied && !rolledBack ? inBatch : inNone;
    for (int i = 0; i < op.pages; i++) {
      if (op.locations[i] != Pages.HOLE) {
        runs.add(op.locations[i]);
      }
    }
  }

  /** Whether it waits for space. */
  boolean isPending() {
    return failure.mayPass();
  }

  /** Nanoseconds until the next attempt may be made. */
  long untilDue() {
    return Math.max(POLL_NANOS, dueNanos - System.nanoTime());
  }

  /**
   * Makes an attempt, if it is time and no change is under way.
   *
   * @param atOnce whether it is time in any case
   * @param commit stores the transaction, see {@link Committer}
   */
  void attempt(final boolean atOnce, final Runnable commit) {
    if (!engine.reclaimer().haveAllLeft() || !engine.committer().isQuiet()) {
      return; // whoever leaves or arrives last wakes the committer, or it looks again soon
    }
    if (!atOnce && System.nanoTime() - dueNanos < 0) {
      return;
    }
    try {
      tryOnce(commit);
    } catch (final RuntimeException | Error e) {
      if (e != noSpace) {
        endForGood(e);
      }
    }
    dueNanos = System.nanoTime() + pauseNanos;
    pauseNanos = Math.min(2 * pauseNanos, LAST_PAUSE_NANOS);
  }

  private void endForGood(final Throwable e) {
    LOG.error("changes are refused until the store is opened again: {}", e.toString());
    failure.set(Errors.forGood(e));
    transaction.abandon();
  }

  private void tryOnce(final Runnable commit) {
    switch (metadata.recover()) {
      case NOT_YET -> {
        return;
      }
      case PRESENT -> {
        inBatch.clear();
        transaction.publish();
        transaction.finish(engine.reclaimer());
      }
      case ABSENT -> {
        transaction.rollBack();
        rolledBack = true;
        engine.reclaimer().freeUnused(inBatch);
        commit.run();
      }
    }
    engine.reclaimer().freeUnused(inNone);
    rolledBack = false;
    failure.pass();
    LOG.info("the metadata has space again: changes are taken");
  }
}
