package dev.ashlar.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Writes JSON, one value after the other; objects and arrays are closed in the order opened. */
final class Json {
  private final Appendable out;
  private final Deque<Boolean> hasMembers = new ArrayDeque<>();

  Json(final Appendable out) {
    this.out = out;
  }

  Json beginObject() {
    return begin("{");
  }

  Json beginObject(final String name) {
    name(name);
    append("{");
    hasMembers.push(false);
    return this;
  }

  Json endObject() {
    return end("}");
  }

  Json beginArray() {
    return begin("[");
  }

  Json beginArray(final String name) {
    name(name);
    append("[");
    hasMembers.push(false);
    return this;
  }

  Json endArray() {
    return end("]");
  }

  Json put(final String name, final String value) {
    name(name);
    quote(value);
    return this;
  }

  Json put(final String name, final long value) {
    name(name);
    append(Long.toString(value));
    return this;
  }

  Json put(final String name, final double value) {
    name(name);
    append(Double.isFinite(value) ? Double.toString(value) : "null");
    return this;
  }

  Json put(final String name, final boolean value) {
    name(name);
    append(Boolean.toString(value));
    return this;
  }

  Json put(final String name, final List<String> values) {
    beginArray(name);
    for (final String value : values) {
      separate();
      quote(value);
    }
    return endArray();
  }

  private Json begin(final String bracket) {
    separate();
    append(bracket);
    hasMembers.push(false);
    return this;
  }

  private Json end(final String bracket) {
    hasMembers.pop();
    append(bracket);
    if (hasMembers.isEmpty()) {
      append("\n");
    }
    return this;
  }

  private void name(final String name) {
    separate();
    quote(name);
    append(":");
  }

  private void separate() {
    if (!hasMembers.isEmpty()) {
      if (hasMembers.pop()) {
        append(",");
      }
      hasMembers.push(true);
    }
  }

  private void quote(final String text) {
    final StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      final char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < ' ' || c == 0x7f || Character.isSurrogate(c) && !isPaired(text, i)) {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    append(quoted.append('"'));
  }

  private static boolean isPaired(final String text, final int at) {
    return Character.isHighSurrogate(text.charAt(at))
        ? at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1))
        : at > 0 && Character.isHighSurrogate(text.charAt(at - 1));
  }

  private void append(final CharSequence text) {
    try {
      out.append(text);
    } catch (final IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
