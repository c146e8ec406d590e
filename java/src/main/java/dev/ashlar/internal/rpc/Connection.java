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
 *
 * <p>What a client has to do in time is to begin a request, to end it once it has begun, and to
 * take the whole answer. Bytes that do none of these, however many, win no time.
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

  /** How long the client has had to take what there is of the answer. */
  private long takingNanos;

  Connection(final SocketChannel channel, final Dispatcher dispatcher) {
    this.channel = channel;
    this.dispatcher = dispatcher;
  }

  @Override
  public void run() {
    final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    try (channel) {
      while (channel.read(buffer.clear()) >= 0) {
        final boolean begun = scanner.isWithinMessage();
        if (!take(buffer.flip())) {
          return;
        }
        if (!begun && scanner.isWithinMessage()) {
          waitingSinceNanos = System.nanoTime();
        }
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
      takingNanos = 0;
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
    final long since = System.nanoTime() - takingNanos;
    waitingSinceNanos = since;
    working = false;
    while (rest.hasRemaining()) {
      channel.write(rest);
    }
    working = true;
    takingNanos = System.nanoTime() - since;
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
