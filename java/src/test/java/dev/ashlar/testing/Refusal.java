package dev.ashlar.testing;

import dev.ashlar.ChunkStore;
import dev.ashlar.OutOfSpaceException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What became of a change that was refused for want of space. */
public final class Refusal {

  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(20);

  private Refusal() {}

  /** Waits until a store takes changes, which may be over at once if space runs out again. */
  public static void awaitSpace(final ChunkStore store) {
    final long start = System.nanoTime();
    while (!store.stats().problems().isEmpty()) {
      failAfter(start, "changes are not taken again: " + store.stats().problems());
    }
  }

  private static void failAfter(final long startNanos, final String text) {
    if (System.nanoTime() - startNanos > LIMIT_NANOS) {
      throw new AssertionError(text);
    }
    Eventually.pause(1);
  }

  /**
   * Waits until the store takes changes again, and fails unless it holds all of the change or
   * nothing. Space may run out again meanwhile: then a listing is refused, or does not show yet
   * what is acknowledged and not stored.
   *
   * @param model of the chunks with a prefix, before the change
   * @return whether it is there
   */
  public static boolean isThere(
      final RandomChange change, final ChunkStore store, final Model model, final String prefix) {
    final Model after = model.copy();
    change.apply(after);
    final long start = System.nanoTime();
    while (true) {
      awaitSpace(store);
      String difference = "the listing was refused";
      try {
        final Model held = Model.of(store, List.of(model, after)).withPrefix(prefix);
        difference = model.difference(held);
        if (difference.isEmpty()) {
          return false;
        }
        if (after.difference(held).isEmpty()) {
          return true;
        }
      } catch (final OutOfSpaceException e) {
        // once more
      }
      failAfter(start, "neither all nor nothing is there of " + change + ": " + difference);
    }
  }
}
