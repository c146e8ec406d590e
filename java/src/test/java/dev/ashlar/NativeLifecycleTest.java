package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.testing.Eventually;
import dev.ashlar.testing.Seed;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Close and what comes after it, with real devices: nothing crashes the virtual machine. */
@Timeout(120)
class NativeLifecycleTest {
  private static final ChunkKey KEY = ChunkKey.of("k");

  @TempDir Path folder;

  private ChunkStore open(final boolean memory, final int number) {
    final Device device =
        memory ? Device.memory(64L << 20) : Device.file(folder.resolve("device-" + number));
    return ChunkStore.open(
        (memory
                ? ChunkStoreOptions.builder()
                : ChunkStoreOptions.builder().size(64L << 20).createIfMissing(true))
            .device(device)
            .build());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void closeUnderLoadEndsEveryCallOneWayOrTheOther(final boolean memory)
      throws InterruptedException {
    final SplittableRandom random = Seed.random("NativeLifecycleTest");
    for (int round = 0; round < 4; round++) {
      final ChunkStore store = open(memory, round);
      store.create(KEY);
      store.write(KEY, 0, ByteBuffer.allocate(1 << 20));
      final AtomicReference<Throwable> wrong = new AtomicReference<>();
      final List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        final SplittableRandom own = random.split();
        threads.add(new Thread(() -> useUntilClosed(store, own, wrong)));
      }
      threads.forEach(Thread::start);
      Eventually.pause(random.nextInt(60));
      final CompletableFuture<Void> second = CompletableFuture.runAsync(store::close);
      store.close();
      second.join();
      for (final Thread thread : threads) {
        thread.join();
      }
      assertThat(wrong.get()).isNull();
    }
  }

  private static void useUntilClosed(
      final ChunkStore store,
      final SplittableRandom random,
      final AtomicReference<Throwable> wrong) {
    final List<CompletableFuture<?>> futures = new ArrayList<>();
    final ByteBuffer own = ByteBuffer.allocateDirect(100_000);
    try {
      while (true) {
        final int offset = random.nextInt(900_000);
        final int length = random.nextInt(own.capacity());
        switch (random.nextInt(6)) {
          case 0 -> store.write(KEY, offset, own.clear().limit(length));
          case 1 -> futures.add(store.writeAsync(KEY, offset, ByteBuffer.allocate(length)));
          case 2 -> futures.add(store.readAsync(KEY, offset, ByteBuffer.allocate(length)));
          case 3 -> store.stats();
          case 4 -> store.allocate(1 + length).put(0, (byte) 1);
          default -> store.read(KEY, offset, own.clear().limit(1 + random.nextInt(4096)));
        }
        if (futures.size() > 50) {
          futures.remove(0).join();
        }
      }
    } catch (final StoreClosedException e) {
      // as it should be
    } catch (final RuntimeException | Error e) {
      wrong.set(e);
    }
    try {
      CompletableFuture.allOf(futures.toArray(new CompletableFuture<?>[0])).join();
    } catch (final RuntimeException e) {
      wrong.set(e);
    }
  }

  @Test
  void buffersOutliveTheStoreThatGaveThem() {
    final ByteBuffer buffer;
    try (ChunkStore store = open(true, 0)) {
      buffer = store.allocate(1 << 20);
    }
    for (int at = 0; at < buffer.capacity(); at++) {
      buffer.put(at, (byte) at);
    }
    try (ChunkStore store = open(true, 0)) {
      store.create(KEY);
      store.write(KEY, 0, buffer.clear());
      final byte[] back = new byte[256];
      store.read(KEY, 4096, ByteBuffer.wrap(back));
      assertThat(back[7]).isEqualTo((byte) 7);
    }
  }

  @Test
  void iteratorsAndBatchesOfAClosedStoreAreRefused() {
    final ChunkStore store = open(false, 0);
    store.create(KEY);
    final ChunkBatch batch = store.batch().write(KEY, 0, ByteBuffer.allocate(100_000)).stage();
    store.close();
    store.close();
    assertThatThrownBy(batch::commit).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> store.list("")).isInstanceOf(StoreClosedException.class);
    assertThatThrownBy(() -> store.read(KEY, 0, ByteBuffer.allocate(1)))
        .isInstanceOf(StoreClosedException.class);
    batch.close();
  }
}
