package dev.ashlar.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ObjectPoolTest {

  @Test
  void whatIsGivenBackIsTakenAgain() {
    final AtomicInteger made = new AtomicInteger();
    final ObjectPool<Integer> pool = new ObjectPool<>(4, made::incrementAndGet);
    final Integer object = pool.take();
    for (int i = 0; i < 100; i++) {
      pool.give(object);
      assertThat(pool.take()).isSameAs(object);
    }
    assertThat(made).hasValue(1);
  }

  @Test
  void moreThanThePoolHoldsIsDropped() {
    final AtomicInteger made = new AtomicInteger();
    final ObjectPool<Integer> pool = new ObjectPool<>(4, made::incrementAndGet);
    final List<Integer> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      all.add(pool.take());
    }
    all.forEach(pool::give);
    all.clear();
    for (int i = 0; i < 20; i++) {
      all.add(pool.take());
    }
    assertThat(made).hasValue(20 + 20 - 5); // the ring's four and the thread's own one
    assertThat(all).doesNotHaveDuplicates();
  }

  /** One kind of thread takes, another gives back: nobody shares. */
  @Test
  @Timeout(60)
  void anObjectHasOneOwnerAtATime() throws InterruptedException {
    final int rounds = 100_000;
    final ObjectPool<AtomicInteger> pool = new ObjectPool<>(64, AtomicInteger::new);
    final ArrayBlockingQueue<AtomicInteger> way = new ArrayBlockingQueue<>(16);
    final AtomicBoolean shared = new AtomicBoolean();
    final List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      threads.add(
          thread(
              () -> {
                for (int round = 0; round < rounds; round++) {
                  final AtomicInteger object = pool.take();
                  shared.compareAndSet(false, object.incrementAndGet() != 1);
                  way.put(object);
                }
              }));
      threads.add(
          thread(
              () -> {
                for (int round = 0; round < rounds; round++) {
                  final AtomicInteger object = way.take();
                  object.decrementAndGet();
                  pool.give(object);
                }
              }));
    }
    for (final Thread thread : threads) {
      thread.join();
    }
    assertThat(shared).isFalse();
  }

  private interface Work {
    void run() throws InterruptedException;
  }

  private static Thread thread(final Work work) {
    final Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (final InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    thread.start();
    return thread;
  }
}
