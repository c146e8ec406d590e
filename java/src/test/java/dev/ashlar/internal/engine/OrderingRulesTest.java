package dev.ashlar.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.internal.FakeDataPath;
import dev.ashlar.testing.Eventually;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The rules on which durability rests; each test fails when its rule is taken out. */
@Timeout(60)
class OrderingRulesTest {
  private static final ChunkKey KEY = ChunkKey.of("k");
  private static final int PAGE = 4096;

  private static ByteBuffer page(final int value) {
    final byte[] bytes = new byte[PAGE];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  private static byte[] read(final ChunkStore store) {
    final ByteBuffer target = ByteBuffer.allocate(PAGE);
    store.read(KEY, 0, target);
    return target.array();
  }

  @Test
  void dataIsFlushedBeforeItsCommitIsStored() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      final AtomicBoolean unflushed = new AtomicBoolean();
      world.store.create(KEY);
      world.metadata.beforeApply(() -> unflushed.set(world.disk.hasUnflushedPages()));
      world.store.write(KEY, 0, page(1));
      assertThat(unflushed).as("pages in the cache of the device").isFalse();
    }
  }

  @Test
  void aChangeIsAcknowledgedAndShownOnlyAfterItsCommitIsDurable() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      world.store.create(KEY);
      world.store.write(KEY, 0, page(1));
      final CountDownLatch storing = new CountDownLatch(1);
      final CountDownLatch goOn = new CountDownLatch(1);
      world.metadata.beforeApply(
          () -> {
            storing.countDown();
            await(goOn);
          });
      final CompletableFuture<Void> write = world.store.writeAsync(KEY, 0, page(2));
      await(storing);
      Eventually.pause(20);
      try {
        assertThat(write).isNotDone();
        assertThat(read(world.store)[0]).isEqualTo((byte) 1);
      } finally {
        goOn.countDown();
      }
      write.join();
      assertThat(read(world.store)[0]).isEqualTo((byte) 2);
    }
  }

  @Test
  void replacedPagesAreFreedOnlyAfterTheCommitThatDropsThemIsDurable() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      world.store.create(KEY);
      world.store.write(KEY, 0, page(1));
      final AtomicBoolean freed = new AtomicBoolean();
      world.metadata.beforeApply(
          () -> {
            Eventually.pause(30);
            freed.set(world.disk.usedPages() < 2);
          });
      world.store.write(KEY, 0, page(2));
      assertThat(freed).as("the old page is free before the commit").isFalse();
      Eventually.isTrue("the old page is free", () -> world.disk.usedPages() == 1);
    }
  }

  @Test
  void pagesThatAReaderInItsOwnThreadHasLookedUpAreNotFreed() {
    try (FakeWorld world = FakeWorld.builder(1).inline(true).open()) {
      world.store.create(KEY);
      world.store.write(KEY, 0, page(1));
      final CountDownLatch reading = new CountDownLatch(1);
      final CountDownLatch goOn = new CountDownLatch(1);
      world.device.beforeInlineRead(
          () -> {
            reading.countDown();
            await(goOn);
          });
      final CompletableFuture<byte[]> reader =
          CompletableFuture.supplyAsync(() -> read(world.store));
      await(reading);
      try {
        world.store.write(KEY, 0, page(2));
        world.store.remove(KEY);
        Eventually.pause(30);
      } finally {
        goOn.countDown();
      }
      assertThat(reader.join()).containsOnly(1);
      Eventually.isTrue("all pages are free", () -> world.disk.usedPages() == 0);
    }
  }

  @Test
  void pagesOfAReadUnderWayAreNotFreed() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      world.store.create(KEY);
      world.store.write(KEY, 0, page(1));
      world.path.hold(FakeDataPath::isRead);
      final ByteBuffer target = ByteBuffer.allocate(PAGE);
      final CompletableFuture<Integer> read = world.store.readAsync(KEY, 0, target);
      world.store.write(KEY, 0, page(2));
      Eventually.pause(30);
      world.path.release();
      assertThat(read.join()).isEqualTo(PAGE);
      assertThat(target.array()).containsOnly(1);
      Eventually.isTrue("the old page is free", () -> world.disk.usedPages() == 1);
    }
  }

  private static void await(final CountDownLatch latch) {
    try {
      latch.await();
    } catch (final InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
