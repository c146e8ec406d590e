package dev.ashlar.bench.measure;

/** Counts latencies in steps of 100 ns up to 10 ms, which is enough for a median. */
final class LatencyHistogram {

  private static final int STEP_NANOS = 100;
  private static final int STEPS = 100_000;

  private final int[] counts = new int[STEPS];
  private long total;

  void add(final long nanos) {
    counts[(int) Math.min(nanos / STEP_NANOS, STEPS - 1)]++;
    total++;
  }

  double medianNanos() {
    if (total == 0) {
      return Double.NaN;
    }
    long seen = 0;
    int step = 0;
    while (seen + counts[step] < (total + 1) / 2) {
      seen += counts[step++];
    }
    return (step + 0.5) * STEP_NANOS;
  }
}
