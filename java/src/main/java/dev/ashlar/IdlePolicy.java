package dev.ashlar;

/** What a reactor thread does when it has nothing to do. */
public enum IdlePolicy {
  /**
   * Looks for work for {@link RuntimeOptions#spin}, then sleeps in the kernel: close to the latency
   * of {@link #BUSY} under load, about no CPU time when idle. The default.
   */
  ADAPTIVE,

  /** Never sleeps: the lowest latency, at the price of one core for each reactor. */
  BUSY,

  /** Sleeps at once: the least CPU time, at the price of a wake-up for most operations. */
  INTERRUPT
}
