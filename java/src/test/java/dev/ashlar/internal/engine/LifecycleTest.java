package dev.ashlar.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.ChunkBatch;
import dev.ashlar.ChunkIterator;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.Durability;
import dev.ashlar.StoreClosedException;
import dev.ashlar.internal.FakeDataPath;
import dev.ashlar.testing.Eventually;
import dev.ashlar.testing.Seed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Close, use after close, interrupts, and the threads on which futures complete. */
@Timeout(60)
class LifecycleTest {
  private static final ChunkKey KEY = ChunkKey.of("k");

  private static ByteBuffer some(final int bytes) {
    return ByteBuffer.allocate(bytes);
  }

  private static Map<String, ThrowingCallable> everyCall(final ChunkStore store) {
    final Map<String, ThrowingCallable> calls = new LinkedHashMap<>();
    calls.put("create", () -> store.create(KEY));
    calls.put("createAsync", () -> store.createAsync(KEY));
    calls.put("write", () -> store.write(KEY, 0, some(10)));
    calls.put("write ordered", () -> store.write(KEY, 0, some(10), Durability.ORDERED));
    calls.put("writeAsync", () -> store.writeAsync(KEY, 0, some(10)));
    calls.put("read", () -> store.read(KEY, 0, some(10)));
    calls.put("read large", () -> store.read(KEY, 0, some(1 << 20)));
    calls.put("readAsync", () -> store.readAsync(KEY, 0, some(10)));
    calls.put("resize", () -> store.resize(KEY, 5));
    calls.put("resizeAsync", () -> store.resizeAsync(KEY, 5));
    calls.put("stat", () -> store.stat(KEY));
    calls.put("exists", () -> store.exists(KEY));
    calls.put("list", () -> store.list(""));
    calls.put("batch", () -> store.batch().remove(KEY).commit());
    calls.put("batch async", () -> store.batch().remove(KEY).commitAsync());
    calls.put("sync", store::sync);
    calls.put("syncAsync", store::syncAsync);
    calls.put("allocate", () -> store.allocate(4096));
    calls.put("stats", store::stats);
    calls.put("remove", () -> store.remove(KEY));
    calls.put("removeAsync", () -> store.removeAsync(KEY));
    return calls;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyCallAfterCloseIsRefused(final boolean inline) {
    final FakeWorld world = FakeWorld.builder(1).inline(inline).open();
    world.store.create(KEY);
    world.store.close();
    everyCall(world.store)
        .forEach(
            (name, call) ->
                assertThatThrownBy(call).as(name).isInstanceOf(StoreClosedException.class));
    assertThatCode(world.store::close).doesNotThrowAnyException();
    world.close();
  }

  @Test
  void batchesAndIteratorsOfAClosedStoreAreRefused() {
    final FakeWorld world = FakeWorld.builder(1).open();
    final List<CompletableFuture<Void>> created = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      created.add(world.store.createAsync(ChunkKey.of("c", i)));
    }
    created.forEach(CompletableFuture::join);
    final ChunkIterator iterator = world.store.list("");
    final ChunkBatch batch = world.store.batch().create(KEY);
    world.store.close();
    assertThatThrownBy(batch::commit).isInstanceOf(StoreClosedException.class);
    assertThatThrownBy(() -> iterator.forEachRemaining(stat -> {}))
        .isInstanceOf(StoreClosedException.class);
    world.close();
  }

  @Test
  void closeWaitsForWhatIsUnderWayWhichEndsRegularly() {
    final FakeWorld world = FakeWorld.builder(1).open();
    world.store.create(KEY);
    world.store.write(KEY, 0, some(4096));
    world.path.hold(opcode -> true);
    final ByteBuffer target = some(100);
    final CompletableFuture<Integer> read = world.store.readAsync(KEY, 0, target);
    final CompletableFuture<Void> write = world.store.writeAsync(KEY, 0, some(5000));
    final CompletableFuture<Void> create = world.store.createAsync(ChunkKey.of("other"));
    final CompletableFuture<Void> close = CompletableFuture.runAsync(world.store::close);
    Eventually.pause(50);
    assertThat(close).isNotDone();
    assertThat(world.device.closed()).isFalse();
    world.path.release();
    close.join();
    assertThat(read.join()).isEqualTo(100);
    CompletableFuture.allOf(write, create).join();
    world.close();
  }

  @Test
  void aSecondCloseWaitsForTheFirst() {
    final FakeWorld world = FakeWorld.builder(1).open();
    world.store.create(KEY);
    world.path.hold(FakeDataPath::isWrite);
    final CompletableFuture<Void> write = world.store.writeAsync(KEY, 0, some(10));
    final CompletableFuture<Void> first = CompletableFuture.runAsync(world.store::close);
    final CompletableFuture<Void> second = CompletableFuture.runAsync(world.store::close);
    Eventually.pause(30);
    assertThat(first).isNotDone();
    assertThat(second).isNotDone();
    world.path.release();
    CompletableFuture.allOf(first, second, write).join();
    world.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void closeUnderLoadEndsEveryCallOneWayOrTheOther(final boolean inline)
      throws InterruptedException {
    final SplittableRandom random = Seed.random("LifecycleTest");
    for (int round = 0; round < 15; round++) {
      final FakeWorld world = FakeWorld.builder(random.nextLong()).inline(inline).open();
      world.store.create(KEY);
      world.store.write(KEY, 0, some(100_000));
      final List<Thread> threads = new ArrayList<>();
      final AtomicReference<Throwable> wrong = new AtomicReference<>();
      for (int i = 0; i < 6; i++) {
        final SplittableRandom own = random.split();
        final ChunkStore store = world.store;
        threads.add(new Thread(() -> useUntilClosed(store, own, wrong)));
      }
      threads.forEach(Thread::start);
      Eventually.pause(random.nextInt(30));
      world.store.close();
      for (final Thread thread : threads) {
        thread.join();
      }
      assertThat(wrong.get()).isNull();
      world.close();
    }
  }

  private static void useUntilClosed(
      final ChunkStore store,
      final SplittableRandom random,
      final AtomicReference<Throwable> wrong) {
    final List<CompletableFuture<?>> futures = new ArrayList<>();
    try {
      while (true) {
        switch (random.nextInt(6)) {
          case 0 -> store.write(KEY, random.nextInt(50_000), some(random.nextInt(20_000)));
          case 1 -> futures.add(store.writeAsync(KEY, random.nextInt(50_000), some(3000)));
          case 2 -> futures.add(store.readAsync(KEY, random.nextInt(50_000), some(30_000)));
          case 3 -> store.stat(KEY);
          case 4 -> store.list("").hasNext();
          default -> store.read(KEY, random.nextInt(50_000), some(random.nextInt(90_000)));
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

  // --- threads -----------------------------------------------------------------------------------

  @Test
  void callsThatWaitAreRefusedOnTheCompletionThread() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      final ChunkStore store = world.store;
      store.create(KEY);
      world.path.hold(FakeDataPath::isWrite);
      final CompletableFuture<Void> callback =
          store
              .writeAsync(KEY, 0, some(1))
              .thenRun(
                  () -> {
                    final List<ThrowingCallable> waiting =
                        List.of(
                            () -> store.write(KEY, 0, some(1)),
                            () -> store.read(KEY, 0, some(1)),
                            () -> store.create(KEY),
                            () -> store.remove(KEY),
                            () -> store.resize(KEY, 1),
                            () -> store.list(""),
                            () -> store.batch().remove(KEY).commit(),
                            store::sync,
                            store::close);
                    for (final ThrowingCallable call : waiting) {
                      assertThatThrownBy(call)
                          .isExactlyInstanceOf(IllegalStateException.class)
                          .hasMessageContaining("callbackExecutor");
                    }
                  });
      world.path.release();
      callback.join();
      assertThat(store.exists(KEY)).isTrue();
    }
  }

  @Test
  void callsThatDoNotWaitMayFollowEachOtherOnTheCompletionThread() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      final ChunkStore store = world.store;
      final ByteBuffer target = some(4);
      final int count =
          store
              .createAsync(KEY)
              .thenCompose(done -> store.writeAsync(KEY, 0, ByteBuffer.wrap(new byte[] {1, 2})))
              .thenCompose(done -> store.readAsync(KEY, 0, target))
              .join();
      assertThat(count).isEqualTo(2);
      assertThat(target.array()).containsExactly(1, 2, 0, 0);
    }
  }

  @Test
  void futuresCompleteInTheExecutorOfTheUserWhereCallsMayWait() {
    final ExecutorService executor = Executors.newSingleThreadExecutor(r -> new Thread(r, "mine"));
    try (FakeWorld world =
        FakeWorld.builder(1).options(options -> options.callbackExecutor(executor)).open()) {
      world.path.hold(opcode -> true);
      world.store.createAsync(KEY).join();
      final CompletableFuture<String> thread =
          world
              .store
              .writeAsync(KEY, 0, some(10))
              .thenApply(
                  done -> {
                    world.store.write(KEY, 0, some(5));
                    return Thread.currentThread().getName();
                  });
      world.path.release();
      assertThat(thread.join()).isEqualTo("mine");
    } finally {
      executor.shutdown();
    }
  }

  @Test
  void anExecutorThatRefusesDoesNotLoseTheResult() {
    final ExecutorService executor = Executors.newSingleThreadExecutor();
    executor.shutdown();
    try (FakeWorld world =
        FakeWorld.builder(1).options(options -> options.callbackExecutor(executor)).open()) {
      world.store.createAsync(KEY).join();
    }
  }

  // --- interrupts --------------------------------------------------------------------------------

  @Test
  void anInterruptDoesNotEndACallAndIsKept() throws InterruptedException {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      final ChunkStore store = world.store;
      store.create(KEY);
      world.path.hold(FakeDataPath::isWrite);
      final AtomicReference<Boolean> interrupted = new AtomicReference<>();
      final Thread writer =
          new Thread(
              () -> {
                store.write(KEY, 0, some(10));
                interrupted.set(Thread.currentThread().isInterrupted());
              });
      writer.start();
      Eventually.isTrue("the write waits", () -> world.path.waiting() > 0);
      writer.interrupt();
      Eventually.pause(30);
      assertThat(writer.isAlive()).isTrue();
      world.path.release();
      writer.join();
      assertThat(interrupted.get()).isTrue();
      assertThat(store.stat(KEY).sizeBytes()).isEqualTo(10);
    }
  }

  @Test
  void callsOfAnInterruptedThreadWork() {
    final FakeWorld world = FakeWorld.builder(1).open();
    try {
      Thread.currentThread().interrupt();
      world.store.create(KEY);
      world.store.write(KEY, 0, some(10_000));
      assertThat(world.store.read(KEY, 0, some(10_000))).isEqualTo(10_000);
      world.store.sync();
      world.store.close();
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    } finally {
      Thread.interrupted();
      world.close();
    }
  }

  @Test
  void aCallbackThatThrowsHarmsNobody() {
    try (FakeWorld world = FakeWorld.builder(1).open()) {
      final CompletableFuture<Void> failing =
          world
              .store
              .createAsync(KEY)
              .thenRun(
                  () -> {
                    throw new IllegalArgumentException("mine");
                  });
      assertThatThrownBy(failing::join).isInstanceOf(CompletionException.class);
      world.store.write(KEY, 0, some(10));
    }
  }
}
