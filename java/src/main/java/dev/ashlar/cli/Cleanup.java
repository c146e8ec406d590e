package dev.ashlar.cli;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/** Something to be done once: when a command ends, or when a signal ends the process before. */
final class Cleanup {

  /** What is to be done. */
  interface Action {
    void run() throws IOException;
  }

  private final Action action;
  private final AtomicBoolean done = new AtomicBoolean();
  private final Thread hook = new Thread(this::runAtExit, "ashlar-cleanup");

  Cleanup(final Action action) {
    this.action = action;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Does it now, unless it is done or cancelled. */
  void run() throws IOException {
    if (cancel()) {
      action.run();
    }
  }

  /** It must not be done any more; false if it is done already. */
  boolean cancel() {
    if (done.getAndSet(true)) {
      return false;
    }
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (final IllegalStateException e) {
      return true; // the process is ending; the hook finds it done
    }
    return true;
  }

  private void runAtExit() {
    if (!done.getAndSet(true)) {
      try {
        action.run();
      } catch (final IOException e) {
        System.err.println("ashlar: " + Errors.describe(e));
      }
    }
  }
}
