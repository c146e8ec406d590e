package dev.ashlar.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class OpSlotsTest {

  private static OpSlots slots(final int count) {
    return new OpSlots(ByteBuffer.allocateDirect(OpSlots.bytes(count)), count);
  }

  @Test
  void everySlotIsTakenOnce() {
    final OpSlots slots = slots(5);
    final List<Integer> taken = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      taken.add(slots.tryAcquire());
    }
    assertThat(taken).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
    assertThat(slots.tryAcquire()).isEqualTo(-1);
    slots.release(3);
    assertThat(slots.tryAcquire()).isEqualTo(3);
  }

  @Test
  void waitersAreServedInOrderAndBeforeOthers() {
    final OpSlots slots = slots(1);
    final int slot = slots.tryAcquire();
    final List<String> served = new ArrayList<>();
    slots.acquire(granted -> served.add("first"));
    slots.acquire(
        granted -> {
          served.add("second");
          slots.release(granted);
        });
    assertThat(served).isEmpty();
    slots.release(slot);
    assertThat(served).containsExactly("first");
    assertThat(slots.tryAcquire()).isEqualTo(-1);
    slots.release(slot);
    assertThat(served).containsExactly("first", "second");
    assertThat(slots.tryAcquire()).isEqualTo(slot);
  }

  @Test
  @Timeout(60)
  void aSlotHasOneOwnerAndNobodyWaitsForEver() throws InterruptedException {
    final OpSlots slots = slots(3);
    final AtomicIntegerArray owners = new AtomicIntegerArray(3);
    final AtomicBoolean shared = new AtomicBoolean();
    final AtomicInteger served = new AtomicInteger();
    final List<Thread> threads = new ArrayList<>();
    final int each = 50_000;
    for (int i = 0; i < 4; i++) {
      threads.add(
          new Thread(
              () -> {
                final BlockingQueue<Integer> granted = new ArrayBlockingQueue<>(1);
                for (int n = 0; n < each; n++) {
                  slots.acquire(granted::add);
                  final int slot = take(granted);
                  shared.compareAndSet(false, owners.incrementAndGet(slot) != 1);
                  owners.decrementAndGet(slot);
                  served.incrementAndGet();
                  slots.release(slot);
                }
              }));
    }
    threads.forEach(Thread::start);
    for (final Thread thread : threads) {
      thread.join();
    }
    assertThat(shared).isFalse();
    assertThat(served).hasValue(4 * each);
  }

  private static int take(final BlockingQueue<Integer> granted) {
    try {
      return granted.take();
    } catch (final InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void pagesAreCopiedInAndOut() {
    final OpSlots slots = slots(2);
    final long[] locations = {9, 1L << 40, 3, Pages.HOLE};
    final int[] crcs = {1, 2, -3, 4};
    slots.putPages(1, locations, crcs, 1, 3);
    assertThat(slots.memory().getLong(OpSlotLayout.BYTES + OpSlotLayout.LOCATIONS))
        .isEqualTo(1L << 40);
    final long[] backLocations = new long[4];
    final int[] backCrcs = new int[4];
    slots.getPages(1, backLocations, backCrcs, 0, 3);
    assertThat(backLocations).startsWith(1L << 40, 3, Pages.HOLE);
    assertThat(backCrcs).startsWith(2, -3, 4);
  }
}
