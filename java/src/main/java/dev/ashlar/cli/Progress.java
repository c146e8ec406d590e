package dev.ashlar.cli;

import java.io.PrintStream;
import java.util.Locale;

/** A bar that shows how far a step is; nothing unless a person watches. */
final class Progress implements AutoCloseable {
  private static final int WIDTH = 30;
  private static final long INTERVAL_NANOS = 100_000_000;

  private final PrintStream out;
  private final boolean shown;
  private final String step;
  private final long totalBytes;
  private final long startNanos = System.nanoTime();
  private long nextNanos = startNanos;
  private long doneBytes;
  private int lineLength;

  Progress(final Io io, final String step, final long totalBytes) {
    this.out = io.err();
    this.shown = io.terminal();
    this.step = step;
    this.totalBytes = totalBytes;
  }

  void add(final long bytes) {
    doneBytes += bytes;
    if (shown && System.nanoTime() - nextNanos >= 0) {
      nextNanos = System.nanoTime() + INTERVAL_NANOS;
      draw();
    }
  }

  private void draw() {
    final double share = totalBytes == 0 ? 1 : Math.min(1, (double) doneBytes / totalBytes);
    final int full = (int) (share * WIDTH);
    final String line =
        String.format(
            Locale.ROOT,
            "%-10s [%s%s] %3.0f %%  %s/s",
            step,
            "#".repeat(full),
            ".".repeat(WIDTH - full),
            share * 100,
            ByteSize.format((long) (doneBytes / seconds())));
    out.print("\r" + line + " ".repeat(Math.max(0, lineLength - line.length())));
    out.flush();
    lineLength = line.length();
  }

  /** Since the beginning; never zero. */
  double seconds() {
    return Math.max(1e-6, (System.nanoTime() - startNanos) / 1e9);
  }

  long doneBytes() {
    return doneBytes;
  }

  /** Takes the bar away. */
  @Override
  public void close() {
    if (lineLength > 0) {
      out.print("\r" + " ".repeat(lineLength) + "\r");
      out.flush();
      lineLength = 0;
    }
  }
}
