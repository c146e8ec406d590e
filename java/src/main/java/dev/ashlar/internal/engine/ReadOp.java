package dev.ashlar.internal.engine;

import dev.ashlar.ChunkKey;
import dev.ashlar.internal.Callback;
import dev.ashlar.internal.OpSlots;
import dev.ashlar.internal.Pages;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One read whose pages have been looked up: it moves them into the user's buffer and tells a thread
 * or a future. Inside the epoch until its end. Used again and again.
 */
final class ReadOp extends Transfer {
  private static final int KEPT_PAGES = Pages.SEGMENT_PAGES;

  private final OpSlots slots;
  private final Signal signal = new Signal();
  private final Callback callback =
      new Callback() {
        @Override
        protected void run() {
          tellFuture();
        }
      };

  ChunkKey key;
  long offset;
  int length;
  int guardToken;
  long cost;
  int reactor;
  @Nullable CompletableFuture<Integer> future;
  @Nullable RuntimeException failure;

  // The pages of the range, looked up.
  long firstPage;
  int pages;
  long[] locations = new long[1];
  int[] crcs = new int[1];

  @SuppressWarnings("NullAway.Init")
  ReadOp(final Engine engine) {
    super(engine);
    this.slots = engine.path().slots();
  }

  void prepare(final ChunkKey of, final int token) {
    key = of;
    guardToken = token;
    cost = 0;
    reactor = -1;
    future = null;
    failure = null;
  }

  /** Sets the range, which is within the chunk and not empty, and makes room for its pages. */
  void range(final long at, final int bytes) {
    offset = at;
    length = bytes;
    firstPage = Pages.pageOf(at);
    pages = (int) (Pages.pageOf(at + bytes - 1) - firstPage) + 1;
    if (locations.length < pages) {
      locations = new long[pages];
      crcs = new int[pages];
    }
  }

  void recycle() {
    releaseMemory();
    if (locations.length > KEPT_PAGES) {
      locations = new long[1];
      crcs = new int[1];
    }
  }

  void begin() {
    if (future == null) {
      signal.reset();
    }
    start(offset, offset + length);
  }

  void await() {
    signal.await(engine.path(), engine.readGauge());
  }

  @Override
  boolean isWrite() {
    return false;
  }

  @Override
  int reactorFor(final long from) {
    return reactor >= 0 ? reactor : engine.reactorFor(key, Pages.segmentOf(from));
  }

  @Override
  void fill(final int slot, final long from, final int bytes, final long partAddress) {
    final long first = Pages.pageOf(from);
    final int count = (int) (Pages.pageOf(from + bytes - 1) - first) + 1;
    slots.read(slot, engine.device().handle(), partAddress, Pages.inPage(from), bytes, count);
    slots.putPages(slot, locations, crcs, (int) (first - firstPage), count);
  }

  @Override
  void partDone(final int slot, final long from, final int bytes) {}

  @Override
  RuntimeException partFailed(final int slot, final long from) {
    return Errors.ofSlot(slots, slot, "read", key, Pages.pageOf(from));
  }

  @Override
  void allDone(final @Nullable RuntimeException firstError) {
    failure = firstError;
    releaseMemory();
    engine.guard().exit(guardToken);
    if (future == null) {
      signal.set();
    } else {
      engine.path().post(callback);
    }
  }

  private void tellFuture() {
    final CompletableFuture<Integer> told = future;
    final RuntimeException error = failure;
    final Integer result = length;
    final long paid = cost;
    final Engine home = engine;
    recycle();
    home.reads().give(this);
    home.budget().release(paid);
    home.complete(told, result, error);
  }
}
