package dev.ashlar.internal.rpc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client, served by one thread: its requests are answered one after the other. Others may hang
 * up on it.
 */
final class Connection implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
  private static final int BUFFER_BYTES = 16 << 10;

  private final SocketChannel channel;
  private final Dispatcher dispatcher;
  private final MessageScanner scanner = new MessageScanner(Json.MAX_BYTES, Json.MAX_DEPTH);

  /** Since when it is the client's turn, unless a method works. */
  private volatile long waitingSinceNanos = System.nanoTime();

  private volatile boolean working;

  Connection(final SocketChannel channel, final Dispatcher dispatcher) {
    this.channel = channel;
    this.dispatcher = dispatcher;
  }

  @Override
  public void run() {
    final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    try (channel) {
      while (channel.read(buffer.clear()) >= 0) {
        if (!take(buffer.flip())) {
          return;
        }
        waitingSinceNanos = System.nanoTime();
      }
    } catch (final ClosedChannelException e) {
      LOG.debug("hung up on a client", e);
    } catch (final IOException e) {
      LOG.debug("a client has gone", e);
    } catch (final RuntimeException | OutOfMemoryError e) {
      LOG.warn("serving a client failed", e);
    }
  }

  /** False: nothing that comes now can be understood. */
  private boolean take(final ByteBuffer bytes) throws IOException {
    String problem = null;
    try {
      scanner.feed(bytes);
    } catch (final MessageScanner.NotAMessageException e) {
      problem = e.getMessage();
    }
    for (byte[] message = scanner.poll(); message != null; message = scanner.poll()) {
      working = true;
      final boolean understood = dispatcher.answer(message, this::write);
      waitingSinceNanos = System.nanoTime();
      working = false;
      if (!understood) {
        return false;
      }
    }
    if (problem != null) {
      dispatcher.refuse(problem, this::write);
    }
    return problem == null;
  }

  private void write(final byte[] bytes) throws IOException {
    final ByteBuffer rest = ByteBuffer.wrap(bytes);
    waitingSinceNanos = System.nanoTime();
    working = false;
    while (rest.hasRemaining()) {
      channel.write(rest);
      waitingSinceNanos = System.nanoTime();
    }
    working = true;
  }

  /** Whether the client lets us wait longer than that. */
  boolean isIdle(final long nanos) {
    return !working && System.nanoTime() - waitingSinceNanos > nanos;
  }

  void hangUp() {
    try {
      channel.close();
    } catch (final IOException e) {
      LOG.debug("closing a client failed", e);
    }
  }
}
