package dev.ashlar.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkStore;
import java.util.List;

/** What became of a change that was refused for want of space. */
public final class Refusal {

  private Refusal() {}

  /** Waits until a store takes changes. */
  public static void awaitSpace(final ChunkStore store) {
    Eventually.isTrue("changes are taken again", () -> store.stats().problems().isEmpty());
  }

  /**
   * Waits until the store takes changes again, and fails unless it holds all of the change or
   * nothing.
   *
   * @param model of the chunks with a prefix, before the change
   * @return whether it is there
   */
  public static boolean isThere(
      final RandomChange change, final ChunkStore store, final Model model, final String prefix) {
    awaitSpace(store);
    final Model after = model.copy();
    change.apply(after);
    final Model held = Model.of(store, List.of(model, after)).withPrefix(prefix);
    if (model.difference(held).isEmpty()) {
      return false;
    }
    assertThat(after.difference(held)).as("after a refused %s", change).isEmpty();
    return true;
  }
}
