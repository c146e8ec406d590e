package dev.ashlar.internal;

import dev.ashlar.internal.Bdev.Counters;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One opening of a {@link Bdev}, from before the device is opened until after it is closed. Devices
 * that are no bdevs have a use that does nothing.
 */
final class BdevUse {
  private final @Nullable Bdev bdev;
  private final NativeSpdk.Reference spdk;

  private Supplier<Counters> counters = () -> Counters.ZERO; // guarded by Bdevs
  private Supplier<@Nullable NativeBlobFs> files = () -> null; // guarded by Bdevs

  BdevUse(final @Nullable Bdev bdev, final NativeSpdk.Reference spdk) {
    this.bdev = bdev;
    this.spdk = spdk;
  }

  /** The device is open: from here on it can be asked. */
  void opened(final Supplier<Counters> counting, final Supplier<@Nullable NativeBlobFs> openFiles) {
    synchronized (Bdevs.class) {
      counters = counting;
      files = openFiles;
    }
  }

  /** What it has counted, before it is closed. */
  Counters lastCounters() {
    try {
      return counters();
    } catch (final RuntimeException e) {
      return Counters.ZERO; // it has failed, or is closed
    }
  }

  /** The device is closed; {@code last} is what it counted. */
  void closed(final Counters last) {
    synchronized (Bdevs.class) {
      if (bdev != null && bdev.use == this) {
        bdev.past = bdev.past.plus(last);
        bdev.use = null;
      }
    }
    Bdevs.leave(this);
    spdk.close();
  }

  Counters counters() {
    synchronized (Bdevs.class) {
      return counters.get();
    }
  }

  @Nullable NativeBlobFs files() {
    synchronized (Bdevs.class) {
      return files.get();
    }
  }
}
