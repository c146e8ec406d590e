package dev.ashlar.internal;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Something to run on a thread of the library; linked without an allocation. */
public abstract class Callback {

  private static final Logger LOG = LoggerFactory.getLogger(Callback.class);

  @Nullable Callback nextPosted;

  /** For subclasses. */
  protected Callback() {}

  /** Runs once for each post or {@link #runHere}. */
  protected abstract void run();

  /** Runs it in the calling thread, a thread of the library; what it throws is logged. */
  public final void runHere() {
    try {
      run();
    } catch (final RuntimeException | Error e) {
      LOG.error("a callback failed", e);
    }
  }
}
