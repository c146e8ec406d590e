package dev.ashlar.internal.rpc;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream of bytes into messages: arrays and objects of JSON, one after the other with
 * nothing but white space between them. It looks at brackets and strings only, each byte once;
 * whether a message is JSON is seen when it is parsed.
 */
final class MessageScanner {

  /** What cannot be a message, nor be followed by one. */
  static final class NotAMessageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotAMessageException(final String message) {
      super(message);
    }
  }

  private final int maxBytes;
  private final int maxDepth;
  private final ByteArrayOutputStream message = new ByteArrayOutputStream();
  private final Queue<byte[]> complete = new ArrayDeque<>();

  private int depth;
  private boolean inString;
  private boolean escaped;

  MessageScanner(final int maxBytes, final int maxDepth) {
    this.maxBytes = maxBytes;
    this.maxDepth = maxDepth;
  }

  /**
   * Takes what has arrived.
   *
   * @throws NotAMessageException if it is no message, too long or too deep; those before it are
   *     there, and nothing can be fed any more
   */
  void feed(final ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      final byte next = bytes.get();
      if (depth == 0 && isSpace(next)) {
        continue;
      }
      if (message.size() == maxBytes) {
        throw new NotAMessageException("a message has more than " + maxBytes + " bytes");
      }
      message.write(next);
      if (inString) {
        scanString(next);
      } else {
        scanValue(next);
      }
    }
  }

  /** Whether a message has begun and has not ended. */
  boolean isWithinMessage() {
    return depth > 0;
  }

  /** The next message that is complete, or null. */
  byte @Nullable [] poll() {
    return complete.poll();
  }

  private void scanString(final byte next) {
    if (escaped) {
      escaped = false;
    } else if (next == '\\') {
      escaped = true;
    } else if (next == '"') {
      inString = false;
    }
  }

  private void scanValue(final byte next) {
    switch (next) {
      case '{', '[' -> {
        if (++depth > maxDepth) {
          throw new NotAMessageException("a message is nested more than " + maxDepth + " deep");
        }
      }
      case '}', ']' -> {
        if (--depth == 0) {
          complete.add(message.toByteArray());
          message.reset();
        }
      }
      case '"' -> inString = true;
      default -> {}
    }
    if (depth < 0 || depth == 0 && message.size() > 0) {
      throw new NotAMessageException("a message is an object, or an array of objects");
    }
  }

  private static boolean isSpace(final byte b) {
    return b == ' ' || b == '\t' || b == '\n' || b == '\r';
  }
}
