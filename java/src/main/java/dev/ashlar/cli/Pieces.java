package dev.ashlar.cli;

import dev.ashlar.ChunkStore;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/**
 * A few buffers of 1 MiB that are in flight in turn, which bounds the memory of a transfer of any
 * length. What has to be done with a piece when it has arrived is done in the order of the pieces,
 * in the calling thread.
 */
final class Pieces implements AutoCloseable {

  static final int BYTES = 1 << 20;

  private record InFlight(
      CompletableFuture<Integer> future, ByteBuffer buffer, Consumer<ByteBuffer> then) {}

  private final Deque<ByteBuffer> free = new ArrayDeque<>();
  private final Deque<InFlight> inFlight = new ArrayDeque<>();

  Pieces(final ChunkStore store, final int count) {
    for (int i = 0; i < count; i++) {
      free.add(store.allocate(BYTES));
    }
  }

  /** An empty buffer; waits for the oldest piece where none is left. */
  ByteBuffer take() {
    while (free.isEmpty()) {
      finishOldest();
    }
    return free.remove().clear();
  }

  /** A buffer that has been taken is being written; it comes back by itself. */
  void writing(final CompletableFuture<Void> future, final ByteBuffer buffer) {
    inFlight.add(new InFlight(future.thenApply(nothing -> 0), buffer, ignored -> {}));
  }

  /**
   * A buffer that has been taken is being read; {@code then} gets it with its limit after the bytes
   * that have arrived.
   */
  void reading(
      final CompletableFuture<Integer> future,
      final ByteBuffer buffer,
      final Consumer<ByteBuffer> then) {
    inFlight.add(
        new InFlight(
            future, buffer, arrived -> then.accept(arrived.position(0).limit(future.join()))));
  }

  /** Gives back a buffer that was taken in vain. */
  void giveBack(final ByteBuffer buffer) {
    free.add(buffer);
  }

  /** Waits for everything in flight. */
  void finish() {
    while (!inFlight.isEmpty()) {
      finishOldest();
    }
  }

  private void finishOldest() {
    final InFlight oldest = inFlight.remove();
    try {
      oldest.future.join();
      oldest.then.accept(oldest.buffer);
    } finally {
      free.add(oldest.buffer);
    }
  }

  /** Waits for what is in flight after a failure, whose consequences are of no interest. */
  @Override
  public void close() {
    for (final InFlight one : inFlight) {
      try {
        one.future.join();
      } catch (final CompletionException e) {
        continue;
      }
    }
    inFlight.clear();
  }
}
