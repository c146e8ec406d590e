package dev.ashlar.internal.engine;

/** Learns whether spinning pays for one kind of wait. Races between threads only blur it. */
final class SpinGauge {
  static final long SPIN_NANOS = 50_000;

  private static final int BEST = 16;
  private static final int WORST = -16;
  private static final int LOSS = 4;
  private static final int PROBE_MASK = 255;

  private int score;
  private int skipped;

  /** Whether to spin now: while it pays, and now and then to see whether it does again. */
  boolean isWorthwhile() {
    if (VirtualThreads.isCurrentVirtual()) {
      return false; // it would keep its carrier from others
    }
    return score >= 0 || (++skipped & PROBE_MASK) == 0;
  }

  void paid() {
    if (score < BEST) {
      score++;
    }
  }

  void wasted() {
    score = Math.max(WORST, score - LOSS);
  }
}
