package dev.ashlar.internal.engine;

/** Waiting for threads. */
final class Threads {

  private Threads() {}

  /** Waits for the end of a thread; an interrupt is kept for later. */
  static void join(final Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (final InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
