package dev.ashlar.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkStoreOptions;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many chunks of one page in a store with the default memory budget: created, found again after a
 * clean close and after the death of the process, all within the budget.
 *
 * <p>{@code mvn -pl java test -Dtest=ManyChunksTest -Dashlar.chunks=1000000} does it with a million
 * (some minutes, 6 GiB on disk) and prints what it took.
 */
class ManyChunksTest {
  private static final int COUNT = Integer.getInteger("ashlar.chunks", 20_000);

  /** Code, stacks, and what allocators hold back; no matter how many chunks there are. */
  private static final long BESIDE_THE_BUDGET = 96L << 20;

  @TempDir Path folder;

  @Test
  void theyAreThereAfterACleanCloseAndAfterACrashWithinTheBudget() throws Exception {
    final Map<String, Long> created = figures(child("create").end());
    assertThat(created).containsEntry("used pages", (long) COUNT).containsEntry("problems", 0L);
    assertThat(created.get("most native growth bytes"))
        .isLessThan(ChunkStoreOptions.DEFAULT_MEMORY_BUDGET_BYTES + BESIDE_THE_BUDGET);

    assertHolds(figures(child("check").end()), true);

    final ChildJvm victim = child("change");
    victim.awaitLines(3);
    assertThat(figures(victim.kill())).containsEntry("changed", 1L);
    assertHolds(figures(child("check").end()), false);
  }

  private static void assertHolds(final Map<String, Long> checked, final boolean clean) {
    assertThat(checked)
        .containsEntry("clean", clean ? 1L : 0L)
        .containsEntry("listed", (long) COUNT)
        .containsEntry("used pages", (long) COUNT)
        .containsEntry("problems", 0L);
    assertThat(checked.get("native growth bytes"))
        .isLessThan(ChunkStoreOptions.DEFAULT_MEMORY_BUDGET_BYTES + BESIDE_THE_BUDGET);
  }

  private ChildJvm child(final String what) throws Exception {
    return ChildJvm.start(
        folder,
        ManyChunks.class,
        List.of("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch"),
        List.of(folder.resolve("device").toString(), Integer.toString(COUNT), what));
  }

  private static Map<String, Long> figures(final List<String> lines) {
    System.out.println("ManyChunksTest, " + COUNT + " chunks: " + String.join(", ", lines));
    final Map<String, Long> figures = new HashMap<>();
    for (final String line : lines) {
      final String[] both = line.split("=");
      figures.put(both[0], Long.valueOf(both[1]));
    }
    return figures;
  }
}
