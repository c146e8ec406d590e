package dev.ashlar.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.StoreBusyException;
import dev.ashlar.testing.Eventually;
import dev.ashlar.testing.Model;
import dev.ashlar.testing.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that changes a store is killed (SIGKILL) at some moment, again and again. What it was
 * told is durable must be there, what was in flight entirely or not at all, and of ordered changes
 * only the newest may be missing.
 *
 * <p>{@code -Dashlar.kills=2000} runs long; see {@link Seed} for how to repeat a run.
 */
class ProcessKillTest {
  private static final int KILLS = Integer.getInteger("ashlar.kills", 6);
  private static final int KILLS_PER_STORE = 25;
  private static final int THREADS = 3;

  @TempDir Path folder;
  private SplittableRandom random;
  private Path device;
  private long seed;
  private List<Script> scripts;
  private List<List<Integer>> survived;
  private int acknowledgements;

  @Test
  void whatWasAcknowledgedSurvivesTheDeathOfTheProcess() throws Exception {
    random = Seed.random("ProcessKillTest");
    for (int kill = 0; kill < KILLS; kill++) {
      if (kill % KILLS_PER_STORE == 0) {
        newStore(kill / KILLS_PER_STORE);
      }
      life();
    }
    assertThat(acknowledgements).as("acknowledged changes in all lives").isGreaterThan(KILLS);
  }

  private void newStore(final int number) throws IOException {
    if (device != null) {
      Files.delete(device);
    }
    device = folder.resolve("device-" + number);
    seed = random.nextLong();
    scripts = new ArrayList<>();
    survived = new ArrayList<>();
    for (int thread = 0; thread < THREADS; thread++) {
      scripts.add(new Script(seed, thread, Victim.MAX_BYTES));
      survived.add(new ArrayList<>());
    }
    ChunkStore.open(Victim.options(device)).close();
  }

  private void life() throws Exception {
    final Report report = new Report(THREADS, linesOfAVictim());
    acknowledgements += report.acknowledgements();
    // Read-only leaves the store as the crash did, so that the next victim recovers too.
    final var options = Victim.options(device).toBuilder();
    if (random.nextBoolean()) {
      options.readOnly(true).createIfMissing(false);
    }
    try (ChunkStore store = openWhenFree(options.build())) {
      judge(store, report);
    }
  }

  /** The kernel ends what a killed process had in flight, and keeps the device locked till then. */
  private static ChunkStore openWhenFree(final ChunkStoreOptions options) {
    final AtomicReference<ChunkStore> store = new AtomicReference<>();
    Eventually.isTrue(
        "the device is free",
        () -> {
          try {
            if (store.get() == null) {
              store.set(ChunkStore.open(options));
            }
            return true;
          } catch (final StoreBusyException e) {
            return false;
          }
        });
    return store.get();
  }

  // --- the victim --------------------------------------------------------------------------------

  private List<String> linesOfAVictim() throws Exception {
    final List<String> arguments = new ArrayList<>();
    arguments.add(device.toString());
    arguments.add(Long.toString(seed));
    for (final List<Integer> counts : survived) {
      arguments.add(counts.stream().map(String::valueOf).collect(Collectors.joining(",")));
    }
    final ChildJvm victim =
        ChildJvm.start(
            folder,
            Victim.class,
            List.of("-Xmx256m", "-XX:TieredStopAtLevel=1"), // its life is short
            arguments);
    // Mostly in the middle of its work, sometimes while it starts or opens the store.
    if (random.nextInt(5) > 0) {
      victim.awaitLines(random.nextInt(600));
      Thread.sleep(0, random.nextInt(1_000_000));
    } else {
      Thread.sleep(random.nextInt(1000));
    }
    return victim.kill();
  }

  // --- the verdict -------------------------------------------------------------------------------

  private void judge(final ChunkStore store, final Report report) {
    assertThat(store.stats().problems()).isEmpty();
    final int[] fewest = new int[THREADS];
    final int[] most = new int[THREADS];
    for (int thread = 0; thread < THREADS; thread++) {
      judgeThread(store, report, thread, fewest, most);
    }
    for (int thread = 0; thread < THREADS; thread++) {
      final int[] older = report.acknowledgedBefore(thread, fewest[thread]);
      for (int other = 0; other < THREADS; other++) {
        assertThat(most[other])
            .as(
                "changes of thread %s that survived: the %sth of thread %s did, which is younger (%s)",
                other, fewest[thread], thread, report)
            .isGreaterThanOrEqualTo(older[other]);
      }
    }
    for (int thread = 0; thread < THREADS; thread++) {
      scripts.get(thread).survive(fewest[thread]);
      survived.get(thread).add(fewest[thread]);
    }
  }

  /**
   * Finds out how many of its changes survived; several numbers fit if a change changed nothing.
   */
  private void judgeThread(
      final ChunkStore store,
      final Report report,
      final int thread,
      final int[] fewest,
      final int[] most) {
    final Script script = scripts.get(thread);
    final int least = report.durable(thread);
    final List<Model> candidates = script.states(least, report.asked(thread));
    final Model held = Model.of(store, candidates).withPrefix(script.prefix());
    final List<String> differences =
        candidates.stream().map(candidate -> candidate.difference(held)).toList();
    final int first = differences.indexOf("");
    if (first < 0) {
      fail(
          "thread %s: %s; %s; %s",
          thread, report, differences, script.explain(held, report.asked(thread)));
    }
    fewest[thread] = least + first;
    most[thread] = least + differences.lastIndexOf("");
  }
}
