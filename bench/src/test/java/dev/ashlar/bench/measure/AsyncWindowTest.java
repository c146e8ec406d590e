package dev.ashlar.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AsyncWindowTest extends WindowContract {
  @Override
  double perSecond(final int depth, final AsyncWindow.Operation operation) {
    return new AsyncWindow(depth).perSecond(SLICE, operation);
  }

  @Test
  void aSliceLastsUntilOneOperationIsDone() {
    final var slow = CompletableFuture.delayedExecutor(3 * SLICE.toMillis(), TimeUnit.MILLISECONDS);
    assertThat(perSecond(1, place -> CompletableFuture.runAsync(() -> {}, slow))).isPositive();
  }
}
