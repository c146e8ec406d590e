package dev.ashlar.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.Durability;
import dev.ashlar.OutOfSpaceException;
import dev.ashlar.StorageIoException;
import dev.ashlar.internal.FakeDataPath;
import dev.ashlar.testing.CrashRun;
import dev.ashlar.testing.Eventually;
import dev.ashlar.testing.FullRun;
import dev.ashlar.testing.Seed;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The metadata finds no space for a commit, and does so later: the store goes on by itself. */
@Timeout(120)
class SpaceRecoveryTest {
  private static final ChunkKey KEY = ChunkKey.of("k");
  private static final ChunkKey OTHER = ChunkKey.of("other", 1);
  private static final int PAGE = 4096;
  private static final int NEVER = Integer.MAX_VALUE;

  private static ByteBuffer page(final int value) {
    final byte[] bytes = new byte[PAGE];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  private static byte[] read(final ChunkStore store, final ChunkKey key) {
    final ByteBuffer target = ByteBuffer.allocate((int) store.stat(key).sizeBytes());
    store.read(key, 0, target);
    return target.array();
  }

  private static void assertRecovers(final ChunkStore store) {
    Eventually.isTrue("changes are taken again", () -> store.stats().problems().isEmpty());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFailedCommitIsEntirelyAbsentOrEntirelyThereOnceThereIsSpace(final boolean isThere) {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      final ChunkStore store = world.store;
      store.create(KEY);
      store.write(KEY, 0, page(1));
      world.metadata.findNoSpace(isThere, NEVER);
      assertThatThrownBy(
              () -> store.batch().write(KEY, 0, page(2)).write(KEY, PAGE, page(3)).commit())
          .isInstanceOf(OutOfSpaceException.class)
          .hasMessageContaining("no space for metadata");
      Eventually.pause(50);
      assertThat(store.stats().problems()).singleElement().asString().contains("no space");
      assertThat(read(store, KEY)).as("reads go on").hasSize(PAGE).containsOnly(1);
      assertThat(store.list("").next().key()).isEqualTo(KEY);
      assertThatThrownBy(() -> store.remove(KEY)).isInstanceOf(OutOfSpaceException.class);
      assertThat(world.disk.usedPages()).as("neither old nor new pages are free").isEqualTo(3);

      world.metadata.findSpaceAgain();
      assertRecovers(store);
      assertThat(read(store, KEY)).hasSize(isThere ? 2 * PAGE : PAGE).contains(isThere ? 3 : 1);
      final int pages = isThere ? 2 : 1;
      Eventually.isTrue("the others are free", () -> world.disk.usedPages() == pages);
      store.create(OTHER);
      store.write(KEY, 10, page(4));

      world.reopen();
      assertThat(world.store.exists(OTHER)).isTrue();
      assertThat(read(world.store, KEY)[10]).isEqualTo((byte) 4);
      assertThat(read(world.store, KEY)[9]).isEqualTo(isThere ? (byte) 2 : (byte) 1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFailedRemovalOfManySegmentsLeavesThemReadable(final boolean isThere) {
    try (FakeWorld world = FakeWorld.builder(1).mapsBytes(1).open()) {
      final ChunkStore store = world.store;
      store.create(KEY);
      final int segments = 40; // more than a removal brings into the cache
      for (int i = 0; i < segments; i++) {
        store.write(KEY, (long) i << 20, page(i + 1));
      }
      world.metadata.findNoSpace(isThere, NEVER);
      final AtomicReference<CompletableFuture<Void>> reading = new AtomicReference<>();
      world.metadata.beforeApply(
          () -> {
            // Of a map that is about to be dropped from the store: it waits for the outcome.
            final ByteBuffer one = ByteBuffer.allocate(1);
            reading.compareAndSet(
                null,
                CompletableFuture.runAsync(() -> store.read(KEY, (segments - 1L) << 20, one)));
            Eventually.pause(50);
          });
      assertThatThrownBy(() -> store.batch().remove(KEY).create(OTHER).commit())
          .isInstanceOf(OutOfSpaceException.class);
      Eventually.isTrue("the reader is told", () -> reading.get().isDone());
      world.metadata.findSpaceAgain();
      assertRecovers(store);
      assertThat(store.exists(OTHER)).isEqualTo(isThere);
      assertThat(store.exists(KEY)).isEqualTo(!isThere);
      if (!isThere) {
        for (int i = 0; i < segments; i++) {
          final ByteBuffer target = ByteBuffer.allocate(1);
          store.read(KEY, (long) i << 20, target);
          assertThat(target.get(0)).isEqualTo((byte) (i + 1));
        }
        store.remove(KEY);
      }
      Eventually.isTrue("all pages are free", () -> world.disk.usedPages() == 0);
    }
  }

  @Test
  void orderedChangesThatWereAcknowledgedAreStoredWithoutTheOnesThatFailed() {
    try (FakeWorld world =
        FakeWorld.builder(1).options(o -> o.orderedDelay(Duration.ofSeconds(50))).open()) {
      final ChunkStore store = world.store;
      store.create(KEY);
      store.write(KEY, 0, page(1), Durability.ORDERED);
      store.write(KEY, 0, page(2), Durability.ORDERED);
      store.write(KEY, PAGE, page(2), Durability.ORDERED);
      world.metadata.findNoSpace(false, 3);
      assertThatThrownBy(() -> store.batch().resize(KEY, 5).create(OTHER).commit())
          .isInstanceOf(OutOfSpaceException.class);
      assertThat(read(store, KEY)).hasSize(2 * PAGE).containsOnly(2);
      assertRecovers(store);
      Eventually.isTrue("replaced and refused pages are free", () -> world.disk.usedPages() == 2);

      world.crash(1);
      assertThat(read(world.store, KEY)).as("after a power cut").hasSize(2 * PAGE).containsOnly(2);
      assertThat(world.store.exists(OTHER)).isFalse();
    }
  }

  @Test
  void whatCountsOnAFailedChangeFailsWithIt() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      final ChunkStore store = world.store;
      store.create(KEY);
      store.write(KEY, 0, page(1));
      final AtomicBoolean once = new AtomicBoolean(true);
      final AtomicReference<CompletableFuture<Void>> second = new AtomicReference<>();
      final CountDownLatch asked = new CountDownLatch(1);
      world.metadata.findNoSpace(false, 0);
      world.metadata.beforeApply(
          () -> {
            if (once.getAndSet(false)) {
              world.path.hold(FakeDataPath::isWrite);
              asked.countDown();
              Eventually.isTrue("the second is under way", () -> second.get() != null);
            }
          });
      final CompletableFuture<Void> first = store.writeAsync(KEY, 0, page(2));
      await(asked);
      second.set(store.writeAsync(KEY, 0, ByteBuffer.wrap(new byte[] {3}))); // keeps twos
      assertThatThrownBy(first::join).hasCauseInstanceOf(OutOfSpaceException.class);
      Eventually.pause(100);
      assertThat(store.stats().problems()).as("while the second is under way").isNotEmpty();
      world.path.release();
      assertThatThrownBy(second.get()::join).hasCauseInstanceOf(OutOfSpaceException.class);
      assertRecovers(store);
      assertThat(read(store, KEY)).containsOnly(1);
      Eventually.isTrue("their pages are free", () -> world.disk.usedPages() == 1);
    }
  }

  private static void await(final CountDownLatch latch) {
    try {
      latch.await();
    } catch (final InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void anotherErrorWhileThereIsNoSpaceIsForGood() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      final ChunkStore store = world.store;
      store.create(KEY);
      world.metadata.findNoSpace(false, NEVER);
      assertThatThrownBy(() -> store.create(OTHER)).isInstanceOf(OutOfSpaceException.class);
      world.metadata.failNext(new StorageIoException("broken", 5, null));
      Eventually.isTrue("it counts", () -> store.stats().problems().toString().contains("broken"));
      world.metadata.findSpaceAgain();
      Eventually.pause(100);
      assertThatThrownBy(() -> store.create(OTHER))
          .isInstanceOf(StorageIoException.class)
          .hasMessageContaining("open it again");
      world.reopen();
      world.store.create(OTHER);
    }
  }

  @Test
  void closingTriesOnceMore() {
    for (final boolean space : new boolean[] {false, true}) {
      final FakeWorld world =
          FakeWorld.builder(1).options(o -> o.orderedDelay(Duration.ofSeconds(50))).open();
      world.store.create(KEY);
      world.store.write(KEY, 0, page(1), Durability.ORDERED);
      world.metadata.findNoSpace(false, space ? 0 : NEVER);
      if (space) {
        world.reopen();
        assertThat(read(world.store, KEY)).containsOnly(1);
      } else {
        assertThatThrownBy(world.store::close)
            .as("acknowledged changes are lost")
            .isInstanceOf(OutOfSpaceException.class);
      }
      world.close();
    }
  }

  @ParameterizedTest
  @CsvSource({"1, false", "1, true", "4, false", "4, true"})
  void underLoadEachFailedChangeIsEntirelyThereOrNotAtAll(final int threads, final boolean ordered)
      throws InterruptedException {
    final SplittableRandom random = Seed.random("SpaceRecoveryTest");
    try (FakeWorld world = FakeWorld.builder(random.nextLong()).open()) {
      final FullRun run = new FullRun(random.split(), threads, ordered, 50_000);
      for (int life = 0; life < 5; life++) {
        run.life(
            world.store,
            20,
            () -> {
              world.metadata.findNoSpace(random.nextBoolean(), random.nextInt(3));
              Eventually.pause(random.nextInt(20));
              world.metadata.findSpaceAgain();
            });
        world.reopen();
        run.assertHeldBy(world.store);
      }
      run.removeAll(world.store);
      Eventually.isTrue("no page is lost", () -> world.disk.usedPages() == 0);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, false", "1, true", "4, false", "4, true"})
  void whatWasAcknowledgedSurvivesAPowerCutAroundARecovery(final int threads, final boolean ordered)
      throws InterruptedException {
    final SplittableRandom random = Seed.random("SpaceRecoveryTest");
    try (FakeWorld world = FakeWorld.builder(random.nextLong()).open()) {
      final CrashRun run = new CrashRun(random, ordered, 50_000);
      for (int life = 0; life < 25; life++) {
        world.metadata.findNoSpace(false, random.nextInt(3));
        run.life(threads, 1 + random.nextInt(80), world::store, world::crash);
      }
    }
  }
}
