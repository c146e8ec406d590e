package dev.ashlar.internal;

import dev.ashlar.BadConfigurationException;
import dev.ashlar.IdlePolicy;
import dev.ashlar.NativeMemoryException;
import dev.ashlar.RuntimeOptions;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The one runtime of this process: its reactors run in native code, its rings and op slots lie in
 * memory shared with them. Whoever opens a store holds a reference; the last one to let go stops
 * it.
 */
public final class SharedRuntime implements DataPath {
  private static final int SLOTS = 512;
  // More than one thread can move, with callbacks to run, is left to the reactors.
  private static final int MAX_DRIVEN = 64;

  private static @Nullable SharedRuntime current;
  private static int references;

  private final long handle;
  private final RuntimeOptions options;
  private final OpSlots slots;
  private final Port[] ports; // the driven reactor's is the last
  private final Completions completions;

  private SharedRuntime(final RuntimeOptions options, final long bufferBytes) {
    this.options = options;
    this.handle =
        Native.runtimeStart(
            options.reactors(),
            options.idlePolicy().ordinal(),
            options.spin().toNanos(),
            SLOTS,
            bufferBytes);
    final int reactors = Native.runtimeReactors(handle);
    final int capacity = PortLayout.capacity(SLOTS);
    final ByteBuffer memory = Native.runtimeMemory(handle);
    this.ports = new Port[reactors + 1];
    for (int i = 0; i < ports.length; i++) {
      final int from = PortLayout.CONTROL_BYTES + i * PortLayout.portBytes(capacity);
      ports[i] = new Port(memory.slice(from, PortLayout.portBytes(capacity)), capacity);
    }
    this.slots =
        new OpSlots(
            memory.slice(PortLayout.slotsOffset(ports.length, capacity), OpSlots.bytes(SLOTS)),
            SLOTS);
    this.completions =
        new Completions(
            handle,
            memory.slice(0, PortLayout.CONTROL_BYTES),
            ports,
            SLOTS,
            options.idlePolicy() == IdlePolicy.INTERRUPT ? 0 : options.spin().toNanos());
  }

  /**
   * Starts the runtime or takes another reference to the one that runs.
   *
   * @param options must equal those of a running one
   * @param bufferBytes page buffers of all reactors together, if it is started
   * @return the runtime
   * @throws BadConfigurationException if one runs with other options
   */
  public static SharedRuntime acquire(final RuntimeOptions options, final long bufferBytes) {
    final RuntimeOptions wanted = options.withoutRpcSocket();
    synchronized (SharedRuntime.class) {
      if (current == null) {
        NativeLibrary.load();
        current = new SharedRuntime(wanted, bufferBytes);
        current.completions.start();
      } else if (!current.options.equals(wanted)) {
        throw new BadConfigurationException(
            "runtime options ("
                + wanted
                + ") differ from those of the runtime that is open in this process ("
                + current.options
                + ")");
      }
      references++;
      return current;
    }
  }

  /** Gives a reference back; every store of the caller is closed. */
  public void release() {
    synchronized (SharedRuntime.class) {
      if (--references == 0) {
        current = null;
        completions.stop();
        Native.runtimeStop(handle);
      }
    }
  }

  long handle() {
    return handle;
  }

  @Override
  public OpSlots slots() {
    return slots;
  }

  @Override
  public int reactors() {
    return ports.length - 1;
  }

  /**
   * The reactor that the completion thread drives.
   *
   * @return its number for {@link #submit}, or -1 if it has enough to do
   */
  int drivenReactor() {
    final int driven = reactors();
    return ports[driven].inFlight() < MAX_DRIVEN ? driven : -1;
  }

  @Override
  public void submit(final int slot, final int reactor, final SlotOwner owner) {
    completions.expect(slot, owner);
    if (reactor == reactors() && completions.isCurrent()) {
      ports[reactor].put(slot);
    } else if (ports[reactor].submit(slot)) {
      Native.wake(handle, reactor);
    }
  }

  @Override
  public int help() {
    return completions.help();
  }

  @Override
  public void startHelping() {
    completions.startHelping();
  }

  @Override
  public void stopHelping() {
    completions.stopHelping();
  }

  @Override
  public void post(final Callback callback) {
    completions.post(callback);
  }

  @Override
  public ByteBuffer allocate(final int bytes) {
    return allocateAligned(bytes);
  }

  /**
   * Page-aligned zeroed memory outside the heap.
   *
   * @param bytes at least 1
   * @return a direct buffer
   * @throws NativeMemoryException if there is none
   */
  public static ByteBuffer allocateAligned(final int bytes) {
    final ByteBuffer buffer = Native.allocate(bytes);
    if (buffer == null) {
      throw new NativeMemoryException("cannot allocate " + bytes + " bytes outside the heap");
    }
    return buffer;
  }

  @Override
  public void free(final ByteBuffer buffer) {
    Native.free(Native.address(buffer));
  }

  @Override
  public long address(final ByteBuffer direct) {
    return Native.address(direct);
  }
}
