package dev.ashlar.internal.engine;

import dev.ashlar.internal.DataPath;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Something one thread waits for. Before it sleeps it delivers completions for a while, if that has
 * paid lately: on a fast device that is quicker than being woken. Used again and again.
 */
final class Signal {
  private volatile boolean done;
  private volatile boolean handedOn;
  private volatile @Nullable Thread waiter;

  void reset() {
    waiter = null;
    handedOn = false;
    done = false;
  }

  /** From here on another thread does the work, for which a spinning waiter is only in the way. */
  void handOn() {
    handedOn = true;
  }

  boolean isSet() {
    return done;
  }

  /** Once; the waiter may use this for something new from then on. */
  void set() {
    done = true;
    final Thread waiting = waiter;
    if (waiting != null) {
      LockSupport.unpark(waiting); // perhaps of a newer wait, which then looks again
    }
  }

  /** Waits until it is set. An interrupt does not end the wait; it is kept for the caller. */
  void await(final DataPath path, final SpinGauge gauge) {
    if (done || (gauge.isWorthwhile() && spin(path, gauge))) {
      return;
    }
    waiter = Thread.currentThread();
    boolean interrupted = false;
    while (!done) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean spin(final DataPath path, final SpinGauge gauge) {
    path.startHelping();
    try {
      final long start = System.nanoTime();
      do {
        path.help();
        if (done || handedOn) {
          gauge.paid();
          return done;
        }
        Thread.onSpinWait();
      } while (System.nanoTime() - start < SpinGauge.SPIN_NANOS);
    } finally {
      path.stopHelping();
    }
    gauge.wasted();
    return done;
  }
}
