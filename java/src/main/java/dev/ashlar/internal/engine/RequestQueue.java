package dev.ashlar.internal.engine;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Requests in the order of their arrival: many threads put, one takes; nothing is allocated. */
final class RequestQueue {
  private final AtomicReference<@Nullable Request> newest = new AtomicReference<>();

  // What the taking thread has taken over already, oldest first.
  private @Nullable Request oldest;

  void put(final Request request) {
    Request before;
    do {
      before = newest.get();
      request.nextQueued = before;
    } while (!newest.compareAndSet(before, request));
  }

  boolean isEmpty() {
    return oldest == null && newest.get() == null;
  }

  @Nullable Request peek() {
    if (oldest == null) {
      Request at = newest.getAndSet(null);
      while (at != null) { // turns the order around
        final Request before = at.nextQueued;
        at.nextQueued = oldest;
        oldest = at;
        at = before;
      }
    }
    return oldest;
  }

  @Nullable Request poll() {
    final Request first = peek();
    if (first != null) {
      oldest = first.nextQueued;
      first.nextQueued = null;
    }
    return first;
  }
}
