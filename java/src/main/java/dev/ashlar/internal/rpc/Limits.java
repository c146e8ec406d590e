package dev.ashlar.internal.rpc;

import java.time.Duration;

/**
 * What a server puts up with.
 *
 * @param clients connected at once; others are hung up on
 * @param idle how long a client may take to begin a request, to end it, and to take its answer
 */
record Limits(int clients, Duration idle) {
  static final Limits DEFAULT = new Limits(64, Duration.ofMinutes(2));
}
