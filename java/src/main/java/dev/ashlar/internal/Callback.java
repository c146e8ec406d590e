package dev.ashlar.internal;

import org.jspecify.annotations.Nullable;

/** Something to run on the completion thread; linked without an allocation. */
public abstract class Callback {

  @Nullable Callback nextPosted;

  /** For subclasses. */
  protected Callback() {}

  /** Runs on the completion thread, once for each post. */
  protected abstract void run();
}
