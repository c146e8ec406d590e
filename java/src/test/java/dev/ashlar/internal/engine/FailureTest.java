package dev.ashlar.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.ChecksumException;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.CorruptMetadataException;
import dev.ashlar.Durability;
import dev.ashlar.OutOfSpaceException;
import dev.ashlar.StorageIoException;
import dev.ashlar.internal.FakeDataPath;
import dev.ashlar.internal.ResultCode;
import dev.ashlar.internal.metadata.MetadataBatch;
import dev.ashlar.testing.Eventually;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens when the device or the metadata fails, is full, or is damaged. */
@Timeout(60)
class FailureTest {
  private static final ChunkKey KEY = ChunkKey.of("k");
  private static final ChunkKey OTHER = ChunkKey.of("other", 1);
  private static final int IO_ERROR = -ResultCode.IO_ERROR.number();

  private static ByteBuffer some(final int bytes) {
    return ByteBuffer.allocate(bytes);
  }

  /** The next operation of a kind fails. */
  private static void failNext(final FakeWorld world, final IntPredicate kind) {
    final AtomicBoolean once = new AtomicBoolean(true);
    world.path.setFaults(
        new FakeDataPath.Faults() {
          @Override
          public int before(final int opcode) {
            return kind.test(opcode) && once.getAndSet(false) ? IO_ERROR : 0;
          }
        });
  }

  // --- errors of the device
  // ------------------------------------------------------------------------

  @Test
  void aFailedWriteFailsAloneAndItsPagesAreFree() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      world.store.create(KEY);
      failNext(world, FakeDataPath::isWrite);
      assertThatThrownBy(() -> world.store.write(KEY, 0, some(5 << 20)))
          .isInstanceOf(StorageIoException.class)
          .hasMessageContaining("k#0")
          .satisfies(e -> assertThat(((StorageIoException) e).errno()).isEqualTo(5));
      Eventually.isTrue("its pages are free", () -> world.disk.usedPages() == 0);
      assertThat(world.store.stat(KEY).sizeBytes()).isZero();
      world.store.write(KEY, 0, some(100));
    }
  }

  @Test
  void aFailedFlushMakesTheStoreRefuseChangesUntilItIsOpenedAgain() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      final ChunkStore store = world.store;
      store.create(KEY);
      store.write(KEY, 0, ByteBuffer.wrap(new byte[] {1}));
      failNext(world, FakeDataPath::isFlush);
      assertThatThrownBy(() -> store.write(KEY, 0, ByteBuffer.wrap(new byte[] {2})))
          .isInstanceOf(StorageIoException.class)
          .hasMessageContaining("flush");
      assertRefused(store, "flush");
      final ByteBuffer target = some(1);
      assertThat(store.read(KEY, 0, target)).isEqualTo(1);
      assertThat(target.get(0)).as("what was acknowledged before").isEqualTo((byte) 1);
      assertThat(store.list("").next().key()).isEqualTo(KEY);
      assertThat(store.stats().problems()).singleElement().asString().contains("flush");

      world.reopen();
      assertThat(world.device.closed()).isFalse();
      world.store.write(KEY, 0, ByteBuffer.wrap(new byte[] {3}));
    }
  }

  private static void assertRefused(final ChunkStore store, final String why) {
    final List<Runnable> changes =
        List.of(
            () -> store.create(OTHER),
            () -> store.write(KEY, 0, some(1)),
            () -> store.write(KEY, 0, some(1), Durability.ORDERED),
            () -> store.resize(KEY, 100),
            () -> store.remove(KEY),
            () -> store.batch().create(OTHER).commit(),
            store::sync);
    for (final Runnable change : changes) {
      assertThatThrownBy(change::run)
          .isInstanceOf(StorageIoException.class)
          .hasMessageContaining(why)
          .hasMessageContaining("open it again");
    }
  }

  @Test
  void aFailedCommitMakesTheStoreRefuseChangesAndKeepsThePagesOfItsGroup() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      final ChunkStore store = world.store;
      store.create(KEY);
      store.write(KEY, 0, some(4096));
      world.metadata.failNext(new StorageIoException("writing metadata failed", 28, null));
      assertThatThrownBy(() -> store.write(KEY, 0, some(4096)))
          .isInstanceOf(StorageIoException.class)
          .hasMessageContaining("writing metadata failed");
      Eventually.pause(20);
      assertThat(world.disk.usedPages()).as("neither old nor new pages are free").isEqualTo(2);
      assertRefused(store, "writing metadata failed");
      world.reopen();
      assertThat(world.disk.usedPages()).isEqualTo(1);
    }
  }

  @Test
  void requestsBehindAFailedCommitFailToo() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      final ChunkStore store = world.store;
      store.create(KEY);
      world.metadata.failNext(new StorageIoException("broken", 5, null));
      final List<CompletableFuture<Void>> futures = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        futures.add(store.createAsync(ChunkKey.of("c", i)));
      }
      for (final CompletableFuture<Void> future : futures) {
        assertThatThrownBy(future::join)
            .isInstanceOf(CompletionException.class)
            .hasCauseInstanceOf(StorageIoException.class);
      }
    } catch (final StorageIoException e) {
      assertThat(e).hasMessageContaining("broken"); // refused at once
    }
  }

  @Test
  void closeSaysThatOrderedChangesWereLost() {
    final FakeWorld world =
        FakeWorld.builder(1).options(o -> o.orderedDelay(Duration.ofSeconds(50))).open();
    world.store.create(KEY);
    world.store.write(KEY, 0, some(10), Durability.ORDERED);
    world.metadata.failNext(new StorageIoException("broken", 5, null));
    assertThatThrownBy(world.store::close)
        .isInstanceOf(StorageIoException.class)
        .hasMessageContaining("broken");
    world.close();
  }

  // --- damage
  // --------------------------------------------------------------------------------------

  @Test
  void aDamagedPageIsNamedAndItsBytesAreNotReturned() {
    for (final boolean inline : new boolean[] {false, true}) {
      try (FakeWorld world = FakeWorld.builder(1).inline(inline).open()) {
        world.store.create(KEY);
        world.store.write(KEY, 5 * 4096, some(4096));
        final long location = world.disk.anyUsedPage();
        world.disk.damage(location);
        assertThatThrownBy(() -> world.store.read(KEY, 0, some(100_000)))
            .isInstanceOfSatisfying(
                ChecksumException.class,
                e -> {
                  assertThat(e.key()).isEqualTo(KEY);
                  assertThat(e.page()).isEqualTo(5);
                  assertThat(e.blob()).isEqualTo(location >>> 32);
                  assertThat(e.getStackTrace())
                      .anyMatch(frame -> frame.getMethodName().equals("read"));
                });
        assertThat(world.store.read(KEY, 0, some(5 * 4096))).isEqualTo(5 * 4096);
        assertThatThrownBy(() -> world.store.write(KEY, 5 * 4096 + 1, some(1)))
            .as("a write that would have to keep damaged bytes")
            .isInstanceOf(ChecksumException.class);
        world.store.write(KEY, 5 * 4096, some(4096));
        assertThat(world.store.read(KEY, 0, some(100_000))).isEqualTo(6 * 4096);
      }
    }
  }

  @Test
  void aPageWithTwoOwnersMakesTheStoreRefuseChangesAndNamesBoth() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      world.store.create(KEY);
      world.store.create(OTHER);
      world.store.write(KEY, 3 * 4096, some(4096));
      final long location = world.disk.anyUsedPage();
      final MetadataBatch batch = new MetadataBatch();
      batch.putChunk(OTHER, 4096, 2, 0, 0);
      batch.putSegment(OTHER, 0, new long[] {location}, new int[] {0}, 1);
      batch.deleteClean();
      world.metadata.keepOpen(true);
      world.store.close();
      world.metadata.keepOpen(false);
      world.metadata.apply(batch, true);
      world.open();
      assertThat(world.store.stats().problems())
          .singleElement()
          .asString()
          .contains("page 3 of chunk k#0", "page 0 of chunk other#1");
      assertThatThrownBy(() -> world.store.create(ChunkKey.of("new")))
          .isInstanceOf(CorruptMetadataException.class)
          .hasMessageContaining("both");
      assertThat(world.store.read(KEY, 3 * 4096, some(4096))).isEqualTo(4096);
    }
  }

  @Test
  void deviceAndMetadataOfDifferentTimesAreRefused() {
    final FakeWorld world = FakeWorld.builder(1).open();
    world.store.create(KEY);
    final var old = world.metadata.crash(1, FakeWorld.newMetadata());
    world.reopen();
    world.reopen();
    world.store.close();
    world.metadata = old;
    assertThatThrownBy(world::open)
        .isInstanceOf(CorruptMetadataException.class)
        .hasMessageContaining("different times");
    old.close();
    world.path.stop();
  }

  // --- a full device
  // -------------------------------------------------------------------------------

  @Test
  void aFullDeviceRefusesWritesAndRemovesMakeRoom() {
    try (FakeWorld world = FakeWorld.builder(1).pages(1, 64).open()) {
      final ChunkStore store = world.store;
      store.create(KEY);
      store.create(OTHER);
      store.write(KEY, 0, some(60 * 4096));
      assertThatThrownBy(() -> store.write(OTHER, 0, some(5 * 4096)))
          .isInstanceOf(OutOfSpaceException.class)
          .hasMessageContaining("other#1");
      assertThat(store.stat(OTHER).sizeBytes()).isZero();
      store.write(OTHER, 0, some(4 * 4096));
      store.resize(KEY, 30 * 4096);
      store.write(OTHER, 0, some(20 * 4096));
      store.remove(KEY);
      store.write(OTHER, 0, some(44 * 4096));
    }
  }

  @Test
  void pagesThatAreAboutToBeFreeCount() {
    try (FakeWorld world =
        FakeWorld.builder(1)
            .pages(1, 64)
            .options(o -> o.orderedDelay(Duration.ofSeconds(50)))
            .open()) {
      final ChunkStore store = world.store;
      store.create(KEY);
      for (int i = 0; i < 50; i++) {
        // Half of the pages wait for a commit that only want of space brings about.
        store.write(KEY, 0, some(30 * 4096), Durability.ORDERED);
      }
      assertThat(store.stat(KEY).sizeBytes()).isEqualTo(30 * 4096);
    }
  }

  // --- limits
  // --------------------------------------------------------------------------------------

  @Test
  void whatIsUnderWayIsBoundedAndCallersWait() {
    try (FakeWorld world =
        FakeWorld.builder(1).options(o -> o.memoryBudget(64L << 20)).pages(4, 4096).open()) {
      final ChunkStore store = world.store;
      store.create(KEY);
      store.write(KEY, 0, some(1 << 20));
      world.path.hold(opcode -> true);
      final AtomicInteger begun = new AtomicInteger();
      final CompletableFuture<Void> all =
          CompletableFuture.runAsync(
              () -> {
                final List<CompletableFuture<?>> futures = new ArrayList<>();
                for (int i = 0; i < 40; i++) {
                  futures.add(store.writeAsync(KEY, (long) i << 20, some(1 << 20)));
                  futures.add(store.readAsync(KEY, 0, some(1 << 20)));
                  begun.addAndGet(2);
                }
                CompletableFuture.allOf(futures.toArray(new CompletableFuture<?>[0])).join();
              });
      Eventually.isTrue("some are under way", () -> begun.get() >= 4);
      Eventually.pause(50);
      assertThat(begun.get()).as("the others wait").isLessThanOrEqualTo(12);
      assertThat(store.stats().memory().operationBytes()).isLessThan(9L << 20);
      world.path.release();
      all.join();
    }
  }

  @Test
  void moreOperationsThanSlotsTakeTheirTurns() {
    try (FakeWorld world = FakeWorld.builder(1).slots(2).open()) {
      final List<CompletableFuture<?>> futures = new ArrayList<>();
      world.store.create(KEY);
      for (int i = 0; i < 500; i++) {
        futures.add(world.store.writeAsync(KEY, i * 1000L, some(1000)));
        futures.add(world.store.readAsync(KEY, 0, some(5000)));
      }
      futures.forEach(CompletableFuture::join);
      assertThat(world.store.stat(KEY).sizeBytes()).isEqualTo(500_000);
    }
  }

  // --- no room for metadata ----------------------------------------------------------------------

  @Test
  void changesThatMakeTheMetadataLargerAreRefusedWhileItsSpaceIsLow() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      world.store.create(KEY);
      world.store.write(KEY, 0, some(5000));
      world.device.metadataSpaceIsLow(true);
      world.store.write(KEY, 0, some(5000)); // it is looked at when metadata has been written
      assertThatThrownBy(() -> world.store.create(OTHER)).isInstanceOf(OutOfSpaceException.class);
      assertThatThrownBy(() -> world.store.write(KEY, 0, some(10)))
          .isInstanceOf(OutOfSpaceException.class);
      assertThatThrownBy(() -> world.store.writeAsync(KEY, 0, some(10)).join())
          .hasCauseInstanceOf(OutOfSpaceException.class);
      assertThatThrownBy(() -> world.store.batch().remove(KEY).create(OTHER).commit())
          .isInstanceOf(OutOfSpaceException.class);
      world.store.resize(KEY, 10);
      world.store.batch().remove(KEY).commit();
      assertThat(world.store.exists(KEY)).isFalse();
      world.device.metadataSpaceIsLow(false);
      world.store.create(OTHER);
      world.store.write(OTHER, 0, some(10));
    }
  }
}
