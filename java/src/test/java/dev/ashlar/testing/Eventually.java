package dev.ashlar.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits for what other threads do. */
public final class Eventually {
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(20);

  private Eventually() {}

  /** Waits until something is so, and fails if it does not come about. */
  public static void isTrue(final String what, final BooleanSupplier condition) {
    final long start = System.nanoTime();
    while (!condition.getAsBoolean() && System.nanoTime() - start < LIMIT_NANOS) {
      pause(1);
    }
    assertThat(condition.getAsBoolean()).as(what).isTrue();
  }

  /** Gives other threads time to do what they must not do. */
  public static void pause(final long millis) {
    try {
      Thread.sleep(millis);
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
