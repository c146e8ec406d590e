package dev.ashlar.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for each way to keep operations in flight. */
abstract class WindowContract {

  static final int DEPTH = 8;
  static final Duration SLICE = Duration.ofMillis(100);

  final ExecutorService executor = Executors.newFixedThreadPool(4);

  /** Measures the rate for a slice. */
  abstract double perSecond(int depth, AsyncWindow.Operation operation);

  @AfterEach
  void stop() {
    executor.shutdownNow();
  }

  @Test
  void noPlaceHasTwoOperationsAndAllEnd() {
    final AtomicInteger inFlight = new AtomicInteger();
    final AtomicInteger most = new AtomicInteger();
    final AtomicIntegerArray places = new AtomicIntegerArray(DEPTH);
    final double rate =
        perSecond(
            DEPTH,
            new AsyncWindow.Operation() {
              @Override
              public CompletableFuture<?> start(final int place) {
                assertThat(places.incrementAndGet(place)).isEqualTo(1);
                most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
                return CompletableFuture.runAsync(inFlight::decrementAndGet, executor);
              }

              @Override
              public boolean finished(final int place) {
                places.decrementAndGet(place);
                return true;
              }
            });
    assertThat(rate).isPositive();
    assertThat(inFlight).hasValue(0);
    assertThat(most.get()).isBetween(2, DEPTH);
    assertThat(places.toString()).doesNotContain("1");
  }

  @Test
  void operationsThatCompleteAtOnceDoNotStopIt() {
    final double rate = perSecond(1, place -> CompletableFuture.completedFuture(null));
    assertThat(rate).isGreaterThan(1000);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFailedOperationEndsTheMeasurement(final boolean atOnce) {
    assertThatThrownBy(
            () ->
                perSecond(
                    DEPTH,
                    place ->
                        atOnce
                            ? CompletableFuture.failedFuture(new IllegalStateException("bad read"))
                            : CompletableFuture.runAsync(
                                () -> {
                                  throw new IllegalStateException("bad read");
                                },
                                executor)))
        .hasMessageContaining("bad read");
  }

  @Test
  void aWrongResultEndsTheMeasurement() {
    final AsyncWindow.Operation operation =
        new AsyncWindow.Operation() {
          @Override
          public CompletableFuture<?> start(final int place) {
            return CompletableFuture.runAsync(() -> {}, executor);
          }

          @Override
          public boolean finished(final int place) {
            throw new IllegalStateException("another page");
          }
        };
    assertThatThrownBy(() -> perSecond(DEPTH, operation)).hasMessageContaining("another page");
  }
}
