package dev.ashlar.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class EpochGuardTest {

  @Test
  void whoIsInsideAtAFlipHoldsItUp() {
    final EpochGuard guard = new EpochGuard();
    final int token = guard.enter();
    final int phase = guard.flip();
    assertThat(guard.hasLeft(phase)).isFalse();
    final int later = guard.enter();
    guard.exit(token);
    assertThat(guard.hasLeft(phase)).as("later ones do not count").isTrue();
    final int next = guard.flip();
    assertThat(guard.hasLeft(next)).isFalse();
    guard.exit(later);
    assertThat(guard.hasLeft(next)).isTrue();
  }

  @Test
  void nobodyEntersAClosedGuard() {
    final EpochGuard guard = new EpochGuard();
    final int token = guard.enter();
    guard.close();
    assertThat(guard.enter()).isNegative();
    assertThat(guard.isEmpty()).isFalse();
    guard.exit(token);
    assertThat(guard.isEmpty()).isTrue();
  }

  /** A cell is replaced and, a grace period later, poisoned; no reader may ever see poison. */
  @Test
  @Timeout(60)
  void nobodySeesWhatIsFreedAfterHisFlip() throws InterruptedException {
    final class Cell {
      volatile boolean freed;
    }

    final EpochGuard guard = new EpochGuard();
    final AtomicReference<Cell> current = new AtomicReference<>(new Cell());
    final AtomicBoolean stop = new AtomicBoolean();
    final AtomicBoolean poisoned = new AtomicBoolean();
    final List<Thread> readers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      readers.add(
          new Thread(
              () -> {
                while (!stop.get()) {
                  final int token = guard.enter();
                  final Cell cell = current.get();
                  for (int spin = 0; spin < 20; spin++) {
                    if (cell.freed) {
                      poisoned.set(true);
                    }
                  }
                  guard.exit(token);
                }
              }));
    }
    readers.forEach(Thread::start);
    final long end = System.nanoTime() + 1_000_000_000L;
    while (System.nanoTime() < end) {
      final Cell old = current.getAndSet(new Cell());
      final int phase = guard.flip();
      while (!guard.hasLeft(phase)) {
        Thread.onSpinWait();
      }
      old.freed = true;
    }
    stop.set(true);
    for (final Thread reader : readers) {
      reader.join();
    }
    assertThat(poisoned).isFalse();
  }
}
