package dev.ashlar.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes completions out of the rings and tells the owners of the slots.
 *
 * <p>Two kinds of threads do that, one at a time: the completion thread, which sleeps in native
 * code when there is nothing, and callers that wait for an operation of theirs and help meanwhile.
 * Only the completion thread runs posted callbacks, which are code of the user.
 *
 * <p>The completion thread also drives the reactor that has no thread, to which small reads go that
 * end in a callback: on their way no other thread need be woken.
 */
final class Completions {
  private static final Logger LOG = LoggerFactory.getLogger(Completions.class);
  private static final VarHandle INT =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int BATCH = 64;
  // A wake-up cannot be lost; should that be wrong, this bounds the harm.
  private static final int SLEEP_MILLIS = 1000;

  private final long runtime;
  private final ByteBuffer control;
  private final Port[] ports;
  private final Port driven;
  private final long spinNanos;
  private final @Nullable SlotOwner[] owners;

  private final AtomicInteger draining = new AtomicInteger();
  private final int[] batch = new int[BATCH];
  private final AtomicInteger helpers = new AtomicInteger();
  private final AtomicReference<@Nullable Callback> posted = new AtomicReference<>();
  private @Nullable Callback postedHere; // the completion thread's own

  private final AshlarThread thread = new AshlarThread("ashlar-completions", this::run);
  private volatile boolean asleep;
  private volatile boolean stopped;

  /**
   * Made once a runtime.
   *
   * @param ports the last is that of the driven reactor
   * @param spinNanos how long the thread looks for the end of reads that it drives before it sleeps
   */
  Completions(
      final long runtime,
      final ByteBuffer control,
      final Port[] ports,
      final int slots,
      final long spinNanos) {
    this.runtime = runtime;
    this.control = control.order(ByteOrder.LITTLE_ENDIAN);
    this.ports = ports;
    this.driven = ports[ports.length - 1];
    this.spinNanos = spinNanos;
    this.owners = new SlotOwner[slots];
  }

  void start() {
    thread.start();
  }

  /** Ends the completion thread; nothing is in flight. */
  void stop() {
    stopped = true;
    Native.interruptWait(runtime);
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

  /** Names the owner of a slot that is about to be submitted. */
  void expect(final int slot, final SlotOwner owner) {
    owners[slot] = owner; // the release store of the ring's entry publishes it
  }

  /** Whether the caller is the completion thread. */
  boolean isCurrent() {
    return Thread.currentThread() == thread;
  }

  void post(final Callback callback) {
    if (isCurrent()) { // in help(), which is followed by runPosted()
      callback.nextPosted = postedHere;
      postedHere = callback;
      return;
    }
    Callback first;
    do {
      first = posted.get();
      callback.nextPosted = first;
    } while (!posted.compareAndSet(first, callback));
    // Whoever found the list empty wakes; the others' callbacks are run by the same turn.
    if (first == null && asleep) {
      Native.interruptWait(runtime);
    }
  }

  // --- helpers ---------------------------------------------------------------------------------

  void startHelping() {
    helpers.incrementAndGet();
    setWaiting(0);
  }

  void stopHelping() {
    if (helpers.decrementAndGet() > 0) {
      return;
    }
    setWaiting(1);
    if (asleep && hasCompletions()) {
      Native.interruptWait(runtime);
    }
  }

  int help() {
    if (!hasCompletions() || draining.get() != 0 || !draining.compareAndSet(0, 1)) {
      return 0;
    }
    try {
      return drain();
    } finally {
      draining.set(0);
    }
  }

  // --- the completion thread -------------------------------------------------------------------

  private void run() {
    long idleSince = 0;
    while (!stopped) {
      final boolean drives = driven.inFlight() > 0;
      final int done = (drives ? Native.turn(runtime) : 0) + help() + runPosted();
      if (done > 0) {
        idleSince = 0;
        continue;
      }
      final long now = drives ? System.nanoTime() : 0;
      if (idleSince == 0) {
        idleSince = now;
      }
      if (drives && now - idleSince < spinNanos) {
        Thread.onSpinWait();
        continue;
      }
      sleep();
      idleSince = 0;
    }
  }

  private void sleep() {
    asleep = true;
    if (helpers.get() == 0) {
      setWaiting(1);
    }
    if (!stopped && posted.get() == null && (helpers.get() > 0 || !hasCompletions())) {
      Native.awaitCompletions(runtime, SLEEP_MILLIS);
    }
    asleep = false;
    setWaiting(0); // it looks by itself now
  }

  private int runPosted() {
    final Callback here = postedHere;
    postedHere = null;
    return run(posted.get() == null ? null : posted.getAndSet(null)) + run(here);
  }

  private int run(final @Nullable Callback last) {
    Callback newest = last;
    Callback oldest = null;
    while (newest != null) {
      final Callback next = newest.nextPosted;
      newest.nextPosted = oldest;
      oldest = newest;
      newest = next;
    }
    int count = 0;
    while (oldest != null) {
      final Callback next = oldest.nextPosted;
      oldest.nextPosted = null;
      oldest.runHere();
      oldest = next;
      count++;
      help();
    }
    return count;
  }

  private int drain() {
    int done = 0;
    for (final Port port : ports) {
      final int count = port.takeCompletions(batch);
      for (int i = 0; i < count; i++) {
        tell(batch[i]);
      }
      done += count;
    }
    return done;
  }

  private void tell(final int slot) {
    final SlotOwner owner = owners[slot];
    owners[slot] = null;
    if (owner == null) {
      LOG.error("slot {} completed without an owner", slot);
      return;
    }
    try {
      owner.slotDone(slot);
    } catch (final RuntimeException | Error e) {
      LOG.error("completion of slot {} failed", slot, e);
    }
  }

  private boolean hasCompletions() {
    for (final Port port : ports) {
      if (port.hasCompletions()) {
        return true;
      }
    }
    return false;
  }

  private void setWaiting(final int value) {
    INT.setVolatile(control, PortLayout.DRAINER_WAITING, value);
    VarHandle.fullFence();
  }
}
