package dev.ashlar.internal.engine;

import dev.ashlar.internal.OpSlots;
import dev.ashlar.internal.SlotOwner;
import dev.ashlar.internal.StoreDevice;

/**
 * Flushes the device and waits for it. For the committer's thread, which has nothing else to do
 * meanwhile: where the device can, it flushes in this thread, since waking a reactor and being
 * woken takes longer than many a flush.
 */
final class Flusher implements SlotOwner, OpSlots.Waiter {
  private final Engine engine;
  private final Signal signal = new Signal();
  private final SpinGauge gauge = new SpinGauge();
  private volatile boolean dirty;
  private int status;
  private int errno;

  Flusher(final Engine engine) {
    this.engine = engine;
  }

  /** A write has completed; any thread. */
  void dataWritten() {
    if (!dirty) {
      dirty = true;
    }
  }

  /** Makes all data durable whose write has completed; does nothing if none has since the last. */
  void flush() {
    if (!dirty) {
      return;
    }
    dirty = false;
    final int result = engine.device().flushInline();
    if (result == StoreDevice.NOT_INLINE) {
      flushBySlot();
    } else {
      status = result % StoreDevice.ERRNO_FACTOR;
      errno = -result / StoreDevice.ERRNO_FACTOR;
    }
    if (status < 0) {
      throw Errors.ofFlush(status, errno);
    }
  }

  private void flushBySlot() {
    signal.reset();
    engine.path().slots().acquire(this);
    signal.await(engine.path(), gauge);
  }

  @Override
  public void slotGranted(final int slot) {
    engine.path().slots().flush(slot, engine.device().handle());
    engine.path().submit(slot, 0, this);
  }

  @Override
  public void slotDone(final int slot) {
    status = engine.path().slots().status(slot);
    errno = engine.path().slots().errno(slot);
    engine.path().slots().release(slot);
    signal.set();
  }
}
