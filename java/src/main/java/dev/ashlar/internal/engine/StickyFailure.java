package dev.ashlar.internal.engine;

import dev.ashlar.OutOfSpaceException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The first error after which the state of the device or of the metadata is not known any more.
 * From then on the store refuses changes with it; only opening the store again helps. But for one
 * kind: where the metadata found no space, the store itself finds out what the state is, once there
 * is space; see {@link SpaceRecovery}.
 */
final class StickyFailure {

  /** An error, and whether it may pass. */
  private record Held(RuntimeException error, boolean mayPass) {}

  private final AtomicReference<@Nullable Held> first = new AtomicReference<>();

  /** Notes an error; only the first counts, or the first that does not pass. */
  void set(final RuntimeException error) {
    final Held now = first.get();
    if ((now == null || now.mayPass) && !first.compareAndSet(now, new Held(error, false))) {
      set(error);
    }
  }

  /** Notes that the metadata found no space; counts if there was no error before. */
  void setUntilThereIsSpace(final OutOfSpaceException error) {
    first.compareAndSet(null, new Held(error, true));
  }

  /** There is space again, and the state is known; an error that does not pass stays. */
  void pass() {
    final Held now = first.get();
    if (now != null && now.mayPass) {
      first.compareAndSet(now, null);
    }
  }

  /** Whether there is an error that may pass. */
  boolean mayPass() {
    final Held now = first.get();
    return now != null && now.mayPass;
  }

  @Nullable RuntimeException get() {
    final Held now = first.get();
    return now == null ? null : now.error;
  }

  /** The first error, which there is. */
  RuntimeException require() {
    final RuntimeException error = get();
    if (error == null) {
      throw new IllegalStateException("there was no error");
    }
    return error;
  }

  /** Throws the first error, if there is one, as a fresh exception of the same class and text. */
  void throwIfFailed() {
    final RuntimeException error = get();
    if (error != null) {
      throw Errors.again(error);
    }
  }
}
