package dev.ashlar.internal.engine;

/** The time of day in microseconds, without an allocation. For one thread at a time. */
final class WallClock {
  private static final long MAX_DRIFT_MILLIS = 5;

  private long baseMicros;
  private long baseNanos;

  long micros() {
    final long millis = System.currentTimeMillis();
    final long nanos = System.nanoTime();
    final long now = baseMicros + (nanos - baseNanos) / 1000;
    if (Math.abs(now / 1000 - millis) <= MAX_DRIFT_MILLIS) {
      return now;
    }
    baseMicros = millis * 1000;
    baseNanos = nanos;
    return baseMicros;
  }
}
