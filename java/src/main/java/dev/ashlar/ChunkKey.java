package dev.ashlar;

import dev.ashlar.internal.Arguments;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The name of a chunk: an object id and the number of the chunk within that object.
 *
 * <p>The id is 1 to {@value #MAX_ID_BYTES} bytes of UTF-8 without the character U+0000 and without
 * unpaired surrogates; the number is not negative. Keys order as they are stored: by the bytes of
 * the id, unsigned, then by the number.
 *
 * <p>Immutable; may be shared between threads and used as a key of maps.
 */
public final class ChunkKey implements Comparable<ChunkKey> {

  /** Longest id, in bytes of UTF-8. */
  public static final int MAX_ID_BYTES = 512;

  private static final char NUMBER_SIGN = '#';

  private final String id;
  private final byte[] idBytes;
  private final long number;
  private final int hash;

  private ChunkKey(final String id, final byte[] idBytes, final long number) {
    this.id = id;
    this.idBytes = idBytes;
    this.number = number;
    this.hash = id.hashCode() * 31 + Long.hashCode(number);
  }

  /**
   * The key of chunk 0 of an object.
   *
   * @param id of the object: 1 to {@value #MAX_ID_BYTES} bytes of UTF-8, no U+0000
   * @return the key
   * @throws IllegalArgumentException if the id is empty, too long or has a character that is not
   *     allowed
   */
  public static ChunkKey of(final String id) {
    return of(id, 0);
  }

  /**
   * The key of one chunk of an object.
   *
   * @param id of the object: 1 to {@value #MAX_ID_BYTES} bytes of UTF-8, no U+0000
   * @param number of the chunk, not negative
   * @return the key
   * @throws IllegalArgumentException if the id is empty, too long or has a character that is not
   *     allowed, or if the number is negative
   */
  public static ChunkKey of(final String id, final long number) {
    Arguments.notNull("id", id);
    Arguments.notNegative("number", number);
    return new ChunkKey(id, encode(id), number);
  }

  /**
   * Reads what {@link #toString} writes: {@code id#number}. The digits after the last {@code #} are
   * the number; where there are none the whole text is the id and the number is 0.
   *
   * @param text a key as text
   * @return the key
   * @throws IllegalArgumentException if the id is not allowed (see {@link #of(String, long)}) or
   *     the number is more than {@link Long#MAX_VALUE}
   */
  public static ChunkKey parse(final String text) {
    Arguments.notNull("text", text);
    final int sign = text.lastIndexOf(NUMBER_SIGN);
    if (sign < 0 || !isDigits(text, sign + 1)) {
      return of(text, 0);
    }
    final long number;
    try {
      number = Long.parseLong(text, sign + 1, text.length(), 10);
    } catch (final NumberFormatException e) {
      throw new IllegalArgumentException(
          "number of key \"" + text + "\" is out of range, must be at most " + Long.MAX_VALUE, e);
    }
    return of(text.substring(0, sign), number);
  }

  /**
   * Id of the object.
   *
   * @return the id as given
   */
  public String id() {
    return id;
  }

  /**
   * Number of the chunk within its object.
   *
   * @return the number, not negative
   */
  public long number() {
    return number;
  }

  /**
   * Length of the id in UTF-8.
   *
   * @return 1 to {@value #MAX_ID_BYTES}
   */
  public int idSizeBytes() {
    return idBytes.length;
  }

  /**
   * Copies the id in UTF-8.
   *
   * @param target where to
   * @param offset of the first byte in the target
   * @throws IndexOutOfBoundsException if the target is too small
   */
  public void copyIdTo(final byte[] target, final int offset) {
    System.arraycopy(idBytes, 0, target, offset, idBytes.length);
  }

  @Override
  public int compareTo(final ChunkKey other) {
    final int byId = Arrays.compareUnsigned(idBytes, other.idBytes);
    return byId != 0 ? byId : Long.compare(number, other.number);
  }

  @Override
  public boolean equals(final @Nullable Object other) {
    return this == other
        || (other instanceof ChunkKey key
            && hash == key.hash
            && number == key.number
            && id.equals(key.id));
  }

  @Override
  public int hashCode() {
    return hash;
  }

  /**
   * The key as text: {@code id#number}, always with the number.
   *
   * @return text that {@link #parse} reads back
   */
  @Override
  public String toString() {
    return id + NUMBER_SIGN + number;
  }

  private static byte[] encode(final String id) {
    if (id.isEmpty()) {
      throw new IllegalArgumentException("id is empty");
    }
    final int zero = id.indexOf('\0');
    if (zero >= 0) {
      throw new IllegalArgumentException("id has U+0000 at index " + zero);
    }
    if (id.length() > MAX_ID_BYTES) { // every char takes at least a byte
      throw tooLong(id, id.length() + " characters");
    }
    final ByteBuffer bytes;
    try {
      bytes =
          StandardCharsets.UTF_8
              .newEncoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .encode(CharBuffer.wrap(id));
    } catch (final CharacterCodingException e) {
      throw new IllegalArgumentException("id \"" + id + "\" has an unpaired surrogate", e);
    }
    if (bytes.remaining() > MAX_ID_BYTES) {
      throw tooLong(id, bytes.remaining() + " bytes");
    }
    return Arrays.copyOfRange(bytes.array(), bytes.position(), bytes.limit());
  }

  private static IllegalArgumentException tooLong(final String id, final String length) {
    return new IllegalArgumentException(
        "id \""
            + id.substring(0, 32)
            + "...\" has "
            + length
            + ", must be at most "
            + MAX_ID_BYTES
            + " bytes");
  }

  private static boolean isDigits(final String text, final int from) {
    for (int i = from; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return from < text.length();
  }
}
