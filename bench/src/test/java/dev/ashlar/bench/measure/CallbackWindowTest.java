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

class CallbackWindowTest {

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
    final AtomicIntegerArray places = new AtomicIntegerArray(DEPTH);
    final double rate =
        new CallbackWindow(DEPTH)
            .perSecond(
                SLICE,
                new AsyncWindow.Operation() {
                  @Override
                  public CompletableFuture<?> start(final int place) {
                    assertThat(places.incrementAndGet(place)).isEqualTo(1);
                    inFlight.incrementAndGet();
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
    assertThat(places.toString()).doesNotContain("1");
  }

  @Test
  void operationsThatCompleteAtOnceDoNotStopIt() {
    final double rate =
        new CallbackWindow(1).perSecond(SLICE, place -> CompletableFuture.completedFuture(null));
    assertThat(rate).isGreaterThan(1000);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFailedOperationEndsTheMeasurement(final boolean atOnce) {
    final CallbackWindow window = new CallbackWindow(DEPTH);
    assertThatThrownBy(
            () ->
                window.perSecond(
                    SLICE,
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
    assertThatThrownBy(() -> new CallbackWindow(DEPTH).perSecond(SLICE, operation))
        .hasMessageContaining("another page");
  }
}
