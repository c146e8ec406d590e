package dev.ashlar.internal.engine;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The first error after which the state of the device or of the metadata is not known any more.
 * From then on the store refuses changes with it; only opening the store again helps.
 */
final class StickyFailure {
  private final AtomicReference<@Nullable RuntimeException> first = new AtomicReference<>();

  /** Notes an error; only the first counts. */
  void set(final RuntimeException error) {
    first.compareAndSet(null, error);
  }

  @Nullable RuntimeException get() {
    return first.get();
  }

  /** The first error, which there is. */
  RuntimeException require() {
    final RuntimeException error = first.get();
    if (error == null) {
      throw new IllegalStateException("there was no error");
    }
    return error;
  }

  /** Throws the first error, if there is one, as a fresh exception of the same class and text. */
  void throwIfFailed() {
    final RuntimeException error = first.get();
    if (error != null) {
      throw Errors.again(error);
    }
  }
}
