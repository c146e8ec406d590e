package dev.ashlar.internal.engine;

import dev.ashlar.internal.OpSlots;
import dev.ashlar.internal.Pages;
import dev.ashlar.internal.SlotOwner;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Moves a range of bytes of a chunk through op slots: one part per segment, several parts at once,
 * each in a lane. A lane keeps its slot, and for heap data its piece of staging memory, from part
 * to part, so that any length goes through a bounded number of them.
 *
 * <p>One range at a time; used again and again. {@link #allDone} comes once, when no slot is in
 * flight any more.
 */
abstract class Transfer implements SlotOwner, OpSlots.Waiter {
  private static final int MAX_LANES = 16;
  private static final int MAX_STAGED_LANES = 4;
  private static final int LANE_SHIFT = 24;

  final Engine engine;
  private final OpSlots slots;

  private long offset;
  private long end;
  private int parts;
  private final AtomicInteger nextPart = new AtomicInteger();
  private final AtomicInteger activeLanes = new AtomicInteger();

  // The user's memory: a direct buffer, or a heap buffer with staging memory in between.
  private @Nullable ByteBuffer buffer; // kept reachable while native code uses its address
  private boolean staged;
  private long address;
  private int position;
  private final @Nullable Staging[] staging = new Staging[MAX_STAGED_LANES];

  private volatile @Nullable RuntimeException error;

  Transfer(final Engine engine) {
    this.engine = engine;
    this.slots = engine.path().slots();
  }

  // --- what the subclasses do ------------------------------------------------------------------

  /** Fills a slot with the part that begins at an offset of the chunk. */
  abstract void fill(int slot, long from, int length, long partAddress);

  /** Takes the results of a part that succeeded out of its slot. */
  abstract void partDone(int slot, long from, int length);

  /** Makes the exception of a part that failed. */
  abstract RuntimeException partFailed(int slot, long from);

  /** Whether array and staging memory are exchanged before a part, or after it. */
  abstract boolean isWrite();

  /** Nothing is in flight any more. */
  abstract void allDone(@Nullable RuntimeException firstError);

  // --- setting up ------------------------------------------------------------------------------

  /** Names the user's memory. Position and limit of the buffer are not changed. */
  final void memory(final ByteBuffer memory, final int from) {
    buffer = memory;
    position = from;
    staged = !memory.isDirect();
    address = staged ? 0 : engine.path().address(memory) + from;
  }

  final boolean isStaged() {
    return staged;
  }

  /** How much staging memory a range of a heap buffer will take. */
  static int stagingBytes(final long offset, final long end) {
    final int parts = parts(offset, end);
    if (parts == 1) {
      return StagingPool.sizeFor((int) (Pages.pageOf(end - 1) - Pages.pageOf(offset)) + 1);
    }
    return Math.min(parts, MAX_STAGED_LANES) * Pages.SEGMENT_BYTES;
  }

  private static int parts(final long offset, final long end) {
    return end == offset ? 0 : (int) (Pages.segmentOf(end - 1) - Pages.segmentOf(offset)) + 1;
  }

  /** Takes the staging memory, whose bytes the caller has from the budget. */
  final void stage(final long from, final long to) {
    final int lanes = Math.min(parts(from, to), MAX_STAGED_LANES);
    if (lanes == 1) {
      staging[0] = engine.staging().take(stagingBytes(from, to));
      return;
    }
    for (int i = 0; i < lanes; i++) {
      staging[i] = engine.staging().take(Pages.SEGMENT_BYTES);
    }
  }

  /** Lets go of the user's memory and of the staging memory. */
  final void releaseMemory() {
    buffer = null;
    staged = false;
    for (int i = 0; i < staging.length && staging[i] != null; i++) {
      engine.staging().give(staging[i]);
      staging[i] = null;
    }
  }

  // --- moving ----------------------------------------------------------------------------------

  /** Starts; at least one byte. */
  final void start(final long from, final long to) {
    offset = from;
    end = to;
    parts = parts(from, to);
    if (error != null) {
      error = null;
    }
    if (parts > 1) {
      nextPart.set(0);
      activeLanes.set(1); // this call, until the first lane takes its place
    }
    final int first = slots.tryAcquire();
    if (first < 0) {
      slots.acquire(this);
    } else {
      slotGranted(first);
    }
  }

  @Override
  public final void slotGranted(final int slot) {
    if (parts == 1) {
      startPart(slot, 0, 0);
      return;
    }
    final int lanes = Math.min(parts, isStaged() ? MAX_STAGED_LANES : MAX_LANES);
    for (int lane = 1; lane < lanes; lane++) {
      final int more = slots.tryAcquire();
      if (more < 0) {
        break;
      }
      activeLanes.incrementAndGet();
      runLane(more, lane);
    }
    runLane(slot, 0);
  }

  @Override
  public final void slotDone(final int slot) {
    final int tag = slots.tag(slot);
    final int lane = tag >>> LANE_SHIFT;
    final int number = tag & ((1 << LANE_SHIFT) - 1);
    try {
      takeResult(slot, lane, number);
    } catch (final RuntimeException | Error e) {
      error = Errors.unexpected(e);
    }
    if (parts == 1) { // nobody else to count with
      slots.release(slot);
      allDone(error);
      return;
    }
    runLane(slot, lane);
  }

  private void takeResult(final int slot, final int lane, final int number) {
    final long from = partOffset(number);
    if (slots.status(slot) < 0) {
      if (error == null) {
        error = partFailed(slot, from);
      }
      return;
    }
    final int length = (int) (partEnd(number) - from);
    partDone(slot, from, length);
    if (isStaged() && !isWrite()) {
      stagingOf(lane).copyOut(Pages.inPage(from), heapBuffer(), indexOf(from), length);
    }
  }

  private void runLane(final int slot, final int lane) {
    final int number = error == null ? nextPart.getAndIncrement() : parts;
    if (number >= parts) {
      slots.release(slot);
      if (activeLanes.decrementAndGet() == 0) {
        allDone(error);
      }
      return;
    }
    startPart(slot, lane, number);
  }

  private void startPart(final int slot, final int lane, final int number) {
    final long from = partOffset(number);
    final int length = (int) (partEnd(number) - from);
    fill(slot, from, length, addressFor(lane, from, length));
    slots.setTag(slot, lane << LANE_SHIFT | number);
    engine.path().submit(slot, reactorFor(from), this);
  }

  private long addressFor(final int lane, final long from, final int length) {
    if (!isStaged()) {
      return address + (from - offset);
    }
    final Staging memory = stagingOf(lane);
    final int inPage = Pages.inPage(from);
    if (isWrite()) {
      memory.copyIn(inPage, heapBuffer(), indexOf(from), length);
    }
    return memory.address() + inPage;
  }

  /** Which reactor moves the part that begins at an offset: always the same for one segment. */
  abstract int reactorFor(long from);

  private ByteBuffer heapBuffer() {
    if (buffer == null) {
      throw new IllegalStateException("the memory of a transfer is gone");
    }
    return buffer;
  }

  private int indexOf(final long at) {
    return position + (int) (at - offset);
  }

  private Staging stagingOf(final int lane) {
    final Staging memory = staging[lane];
    if (memory == null) {
      throw new IllegalStateException("no staging memory for lane " + lane);
    }
    return memory;
  }

  private long partOffset(final int number) {
    return Math.max(offset, (Pages.segmentOf(offset) + number) * Pages.SEGMENT_BYTES);
  }

  private long partEnd(final int number) {
    return Math.min(end, (Pages.segmentOf(offset) + number + 1) * Pages.SEGMENT_BYTES);
  }

  final boolean isFirst(final long from) {
    return from == offset;
  }

  final boolean isLast(final long from, final int length) {
    return from + length == end;
  }
}
