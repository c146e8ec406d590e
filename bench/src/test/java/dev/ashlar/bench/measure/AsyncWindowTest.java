package dev.ashlar.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AsyncWindowTest {

  private static final int DEPTH = 8;
  private static final Duration SLICE = Duration.ofMillis(100);

  private final ExecutorService executor = Executors.newFixedThreadPool(4);

  @AfterEach
  void stop() {
    executor.shutdownNow();
  }

  @Test
  void noPlaceHasTwoOperationsAndAllEnd() {
    final AtomicInteger inFlight = new AtomicInteger();
    final AtomicInteger most = new AtomicInteger();
    final boolean[] busy = new boolean[DEPTH];
    final double rate =
        new AsyncWindow(DEPTH)
            .perSecond(
                SLICE,
                new AsyncWindow.Operation() {
                  @Override
                  public CompletableFuture<?> start(final int place) {
                    assertThat(busy[place]).isFalse();
                    busy[place] = true;
                    most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
                    return CompletableFuture.runAsync(inFlight::decrementAndGet, executor);
                  }

                  @Override
                  public boolean finished(final int place) {
                    busy[place] = false;
                    return true;
                  }
                });
    assertThat(rate).isPositive();
    assertThat(inFlight).hasValue(0);
    assertThat(most.get()).isBetween(2, DEPTH);
    assertThat(busy).containsOnly(false);
  }

  @Test
  void operationsThatCompleteAtOnceDoNotStopIt() {
    final double rate =
        new AsyncWindow(1).perSecond(SLICE, place -> CompletableFuture.completedFuture(null));
    assertThat(rate).isGreaterThan(1000);
  }

  @Test
  void aFailedOperationEndsTheMeasurement() {
    final AsyncWindow window = new AsyncWindow(DEPTH);
    assertThatThrownBy(
            () ->
                window.perSecond(
                    SLICE,
                    place -> CompletableFuture.failedFuture(new IllegalStateException("bad read"))))
        .hasMessageContaining("bad read");
  }
}
