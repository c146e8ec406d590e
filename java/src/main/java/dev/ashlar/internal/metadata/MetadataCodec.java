package dev.ashlar.internal.metadata;

import dev.ashlar.ChunkKey;
import dev.ashlar.CorruptMetadataException;
import dev.ashlar.WrongFormatException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The one owner of every key and record format in RocksDB; {@code docs/format.md} has the same in
 * words.
 *
 * <pre>
 *  column family   key                                     value
 *  default         "store", "clean"                        store record, clean record
 *  chunk           id bytes, 00, number u64 big-endian     chunk record
 *  segment         chunk key, segment u32 big-endian       segment entries, the later ones win
 *  space           root page of the blob u32 big-endian    space record
 *
 *  store record    version u8, store id 16, format u32, generation u64, cluster bytes u32,
 *                  page bytes u32, segment pages u32, crc u32
 *  clean record    version u8, generation u64, crc u32
 *  chunk record    version u8, size u64, version u64, created i64, modified i64,
 *                  attribute bytes u16 (0), crc u32
 *  space record    version u8, generation u64, pages u64, words u32, words x u64, crc u32
 *  segment entry   run   11, first page u8, count-1 u8, location u64, count x crc u32, crc u32
 *                  hole  12, first page u8, count-1 u8, crc u32
 * </pre>
 *
 * <p>Numbers are little-endian but in keys, where the order counts. The last crc of a record or
 * entry is the CRC32C of the key followed by the record or entry up to there, so that neither a
 * flipped bit nor a record under another key is believed. The byte 00 is in no id, so keys order by
 * id, then by number, then by segment, and all keys of an id, or of ids with a common prefix, are
 * neighbours.
 *
 * <p>Methods that write append to a {@link ByteSink} and allocate nothing. All are thread-safe but
 * for the sinks, maps and checksums given.
 */
final class MetadataCodec {

  /** Version of all of this; stands in the store record. */
  static final int FORMAT = 1;

  static final int PAGE_BYTES = 4096;
  static final int NUMBER_BYTES = 1 + Long.BYTES;
  static final int MAX_SEGMENT_KEY_BYTES = ChunkKey.MAX_ID_BYTES + NUMBER_BYTES + Integer.BYTES;

  /** Most segments of a chunk; with 1 MiB each that is 4 PiB. */
  static final long MAX_SEGMENTS = 1L << 32;

  private static final byte[] STORE_KEY = "store".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] CLEAN_KEY = "clean".getBytes(StandardCharsets.US_ASCII);

  private static final int RECORD_VERSION = 1;
  private static final int STORE_BYTES = 1 + StoreRecord.ID_BYTES + 4 + 8 + 4 + 4 + 4 + 4;
  private static final int CLEAN_BYTES = 1 + 8 + 4;
  private static final int CHUNK_BYTES = 1 + 4 * 8 + 2 + 4;
  private static final int SPACE_HEADER_BYTES = 1 + 8 + 8 + 4;

  private static final int TAG_RUN = 0x11; // version 1, kind 1
  private static final int TAG_HOLE = 0x12; // version 1, kind 2
  private static final int RUN_HEADER_BYTES = 3 + Long.BYTES;
  private static final int HOLE_BYTES = 3 + Integer.BYTES;
  private static final long PAGE_IN_BLOB = 0xffff_ffffL;

  private MetadataCodec() {}

  // --- keys ------------------------------------------------------------------------------------

  static byte[] storeKey() {
    return STORE_KEY.clone();
  }

  static byte[] cleanKey() {
    return CLEAN_KEY.clone();
  }

  static byte[] spaceKey(final int blob) {
    final byte[] key = new byte[Integer.BYTES];
    ByteSink.U32_BIG.set(key, 0, blob);
    return key;
  }

  static int chunkKeyBytes(final ChunkKey key) {
    return key.idSizeBytes() + NUMBER_BYTES;
  }

  static byte[] chunkKey(final ChunkKey key) {
    final byte[] bytes = new byte[chunkKeyBytes(key)];
    writeChunkKey(key, bytes, 0);
    return bytes;
  }

  /** Writes the chunk key and returns the index after it. */
  static int writeChunkKey(final ChunkKey key, final byte[] into, final int at) {
    key.copyIdTo(into, at);
    final int end = at + key.idSizeBytes();
    into[end] = 0;
    ByteSink.U64_BIG.set(into, end + 1, key.number());
    return end + NUMBER_BYTES;
  }

  static byte[] segmentKey(final ChunkKey key, final long segment) {
    final byte[] bytes = new byte[chunkKeyBytes(key) + Integer.BYTES];
    writeSegmentKey(key, segment, bytes, 0);
    return bytes;
  }

  /** Writes the segment key and returns the index after it. */
  static int writeSegmentKey(
      final ChunkKey key, final long segment, final byte[] into, final int at) {
    final int end = writeChunkKey(key, into, at);
    ByteSink.U32_BIG.set(into, end, (int) segment);
    return end + Integer.BYTES;
  }

  /** The smallest key after all keys that begin with these bytes; their last byte is not ff. */
  static byte[] after(final byte[] prefix) {
    final byte[] end = prefix.clone();
    end[end.length - 1]++;
    return end;
  }

  /** The smallest key after this one. */
  static byte[] successor(final byte[] key) {
    return Arrays.copyOf(key, key.length + 1);
  }

  /** The smallest key after all segments of a chunk. */
  static byte[] afterSegments(final ChunkKey key) {
    final byte[] end = Arrays.copyOf(chunkKey(key), chunkKeyBytes(key) + Integer.BYTES + 1);
    Arrays.fill(end, end.length - 1 - Integer.BYTES, end.length - 1, (byte) 0xff);
    return end;
  }

  /**
   * The bytes with which the keys of all ids begin that begin with a text.
   *
   * @throws IllegalArgumentException if no id can begin with it
   */
  static byte[] idPrefix(final String prefix) {
    if (prefix.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("prefix has U+0000 at index " + prefix.indexOf('\0'));
    }
    try {
      final ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(prefix));
      return Arrays.copyOf(bytes.array(), bytes.limit());
    } catch (final CharacterCodingException e) {
      throw new IllegalArgumentException("prefix \"" + prefix + "\" has an unpaired surrogate", e);
    }
  }

  static ChunkKey chunkOfChunkKey(final byte[] key) {
    return decodeChunk(key, 0);
  }

  static ChunkKey chunkOfSegmentKey(final byte[] key) {
    return decodeChunk(key, Integer.BYTES);
  }

  static long segmentOfSegmentKey(final byte[] key) {
    if (key.length < Integer.BYTES) {
      throw badKey(key, null);
    }
    return Integer.toUnsignedLong((int) ByteSink.U32_BIG.get(key, key.length - Integer.BYTES));
  }

  private static ChunkKey decodeChunk(final byte[] key, final int bytesAfter) {
    final int idBytes = key.length - bytesAfter - NUMBER_BYTES;
    if (idBytes < 1 || key[idBytes] != 0) {
      throw badKey(key, null);
    }
    try {
      final String id =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(key, 0, idBytes)).toString();
      return ChunkKey.of(id, (long) ByteSink.U64_BIG.get(key, idBytes + 1));
    } catch (final CharacterCodingException | IllegalArgumentException e) {
      throw badKey(key, e);
    }
  }

  private static CorruptMetadataException badKey(
      final byte[] key, final @Nullable Exception cause) {
    return new CorruptMetadataException(
        "metadata has the key " + HexFormat.of().formatHex(key) + ", which names no chunk", cause);
  }

  // --- records ---------------------------------------------------------------------------------

  static byte[] encodeStore(final StoreRecord store) {
    final ByteSink sink = new ByteSink(STORE_BYTES);
    sink.putU8(RECORD_VERSION);
    sink.putBytes(store.storeId());
    sink.putU32(FORMAT);
    sink.putU64(store.generation());
    sink.putU32(store.clusterBytes());
    sink.putU32(PAGE_BYTES);
    sink.putU32(SegmentMap.PAGES);
    seal(sink, 0, STORE_KEY, 0, STORE_KEY.length, new CRC32C());
    return sink.array();
  }

  static StoreRecord decodeStore(final byte[] value) {
    final String what = "record of the store";
    check(what, value, STORE_KEY, STORE_BYTES);
    final int afterId = 1 + StoreRecord.ID_BYTES;
    final int format = (int) ByteSink.U32.get(value, afterId);
    final int pageBytes = (int) ByteSink.U32.get(value, afterId + 16);
    final int segmentPages = (int) ByteSink.U32.get(value, afterId + 20);
    if (format != FORMAT || pageBytes != PAGE_BYTES || segmentPages != SegmentMap.PAGES) {
      throw new WrongFormatException(
          String.format(
              "metadata has format %d, %d bytes a page and %d pages a segment;"
                  + " this version knows %d, %d and %d",
              format, pageBytes, segmentPages, FORMAT, PAGE_BYTES, SegmentMap.PAGES));
    }
    return new StoreRecord(
        Arrays.copyOfRange(value, 1, afterId),
        (long) ByteSink.U64.get(value, afterId + 4),
        (int) ByteSink.U32.get(value, afterId + 12));
  }

  static byte[] encodeClean(final long generation) {
    final ByteSink sink = new ByteSink(CLEAN_BYTES);
    sink.putU8(RECORD_VERSION);
    sink.putU64(generation);
    seal(sink, 0, CLEAN_KEY, 0, CLEAN_KEY.length, new CRC32C());
    return sink.array();
  }

  static long decodeClean(final byte[] value) {
    check("record of the clean close", value, CLEAN_KEY, CLEAN_BYTES);
    return (long) ByteSink.U64.get(value, 1);
  }

  /** Appends the record of a chunk whose key was written before, from keyFrom to keyTo. */
  static void writeChunk(
      final ByteSink sink,
      final int keyFrom,
      final int keyTo,
      final long sizeBytes,
      final long version,
      final long createdMicros,
      final long modifiedMicros,
      final CRC32C crc) {
    final int start = sink.size();
    sink.putU8(RECORD_VERSION);
    sink.putU64(sizeBytes);
    sink.putU64(version);
    sink.putU64(createdMicros);
    sink.putU64(modifiedMicros);
    sink.putU16(0);
    seal(sink, start, sink.array(), keyFrom, keyTo, crc);
  }

  static ChunkRecord decodeChunkRecord(final byte[] key, final byte[] value) {
    final String what = "record of chunk " + chunkOfChunkKey(key);
    check(what, value, key, CHUNK_BYTES);
    final ChunkRecord chunk =
        new ChunkRecord(
            (long) ByteSink.U64.get(value, 1),
            (long) ByteSink.U64.get(value, 9),
            (long) ByteSink.U64.get(value, 17),
            (long) ByteSink.U64.get(value, 25));
    if (chunk.sizeBytes() < 0 || chunk.version() < 0 || (short) ByteSink.U16.get(value, 33) != 0) {
      throw corrupt(what, "it has a number out of range");
    }
    return chunk;
  }

  static byte[] encodeSpace(final SpaceRecord space) {
    final ByteSink sink = new ByteSink(SPACE_HEADER_BYTES + space.words().length * Long.BYTES + 4);
    sink.putU8(RECORD_VERSION);
    sink.putU64(space.generation());
    sink.putU64(space.pages());
    sink.putU32(space.words().length);
    for (final long word : space.words()) {
      sink.putU64(word);
    }
    final byte[] key = spaceKey(space.blob());
    seal(sink, 0, key, 0, key.length, new CRC32C());
    return sink.array();
  }

  static SpaceRecord decodeSpace(final byte[] key, final byte[] value) {
    if (key.length != Integer.BYTES) {
      throw badKey(key, null);
    }
    final int blob = (int) ByteSink.U32_BIG.get(key, 0);
    final String what = "space record of blob " + Integer.toUnsignedString(blob);
    check(what, value, key, Math.max(value.length, SPACE_HEADER_BYTES + Integer.BYTES));
    final long pages = (long) ByteSink.U64.get(value, 9);
    final int words = (int) ByteSink.U32.get(value, 17);
    if (words < 0
        || SPACE_HEADER_BYTES + (long) words * Long.BYTES + Integer.BYTES != value.length
        || pages < 0
        || (pages + 63) / 64 != words) {
      throw corrupt(what, "its length does not fit its " + pages + " pages");
    }
    final long[] bits = new long[words];
    for (int i = 0; i < words; i++) {
      bits[i] = (long) ByteSink.U64.get(value, SPACE_HEADER_BYTES + i * Long.BYTES);
    }
    return new SpaceRecord(blob, (long) ByteSink.U64.get(value, 1), pages, bits);
  }

  // --- segments --------------------------------------------------------------------------------

  /**
   * Appends entries for consecutive pages of a segment whose key was written before, from keyFrom
   * to keyTo. Pages that lie one after the other in one blob become one run.
   *
   * @param firstPage page of the segment that element {@code at} of the arrays is about
   * @param count number of pages
   * @param withHoles false where the entries are the whole value, in which what is not mentioned is
   *     a hole
   */
  static void writeSegment(
      final ByteSink sink,
      final int keyFrom,
      final int keyTo,
      final int firstPage,
      final int count,
      final long[] locations,
      final int[] crcs,
      final int at,
      final boolean withHoles,
      final CRC32C crc) {
    int from = 0;
    while (from < count) {
      final long location = locations[at + from];
      final int to = endOfRun(locations, at, from, count);
      if (location != SegmentMap.HOLE) {
        final int start = sink.size();
        writeHeader(sink, TAG_RUN, firstPage + from, to - from);
        sink.putU64(location);
        for (int i = from; i < to; i++) {
          sink.putU32(crcs[at + i]);
        }
        seal(sink, start, sink.array(), keyFrom, keyTo, crc);
      } else if (withHoles) {
        final int start = sink.size();
        writeHeader(sink, TAG_HOLE, firstPage + from, to - from);
        seal(sink, start, sink.array(), keyFrom, keyTo, crc);
      }
      from = to;
    }
  }

  static int runBytes(final int pages) {
    return RUN_HEADER_BYTES + (pages + 1) * Integer.BYTES;
  }

  private static void writeHeader(
      final ByteSink sink, final int tag, final int page, final int count) {
    sink.putU8(tag);
    sink.putU8(page);
    sink.putU8(count - 1);
  }

  private static int endOfRun(
      final long[] locations, final int at, final int from, final int count) {
    final boolean hole = locations[at + from] == SegmentMap.HOLE;
    int to = from + 1;
    while (to < count) {
      final long before = locations[at + to - 1];
      final long location = locations[at + to];
      final boolean joined =
          hole
              ? location == SegmentMap.HOLE
              : location == before + 1 && (location & PAGE_IN_BLOB) != 0;
      if (!joined) {
        break;
      }
      to++;
    }
    return to;
  }

  /**
   * Applies the entries of a value to a map that {@link SegmentMap#clear} made empty.
   *
   * @throws CorruptMetadataException naming chunk and segment
   */
  static void decodeSegment(
      final byte[] key,
      final int keyBytes,
      final byte[] value,
      final int valueBytes,
      final SegmentMap map,
      final CRC32C crc) {
    int at = 0;
    while (at < valueBytes) {
      final int left = valueBytes - at;
      if (left < HOLE_BYTES) {
        throw badEntry(key, keyBytes, at, "is cut short");
      }
      final int tag = value[at];
      final int first = value[at + 1] & 0xff;
      final int count = (value[at + 2] & 0xff) + 1;
      final int bytes;
      if (tag == TAG_RUN) {
        bytes = RUN_HEADER_BYTES + count * Integer.BYTES;
      } else if (tag == TAG_HOLE) {
        bytes = 3;
      } else {
        throw badEntry(key, keyBytes, at, "is of the unknown kind " + (tag & 0xff));
      }
      if (left < bytes + Integer.BYTES) {
        throw badEntry(key, keyBytes, at, "is cut short");
      }
      crc.reset();
      crc.update(key, 0, keyBytes);
      crc.update(value, at, bytes);
      if ((int) crc.getValue() != (int) ByteSink.U32.get(value, at + bytes)) {
        throw badEntry(key, keyBytes, at, "has a wrong checksum");
      }
      if (first + count > SegmentMap.PAGES) {
        throw badEntry(key, keyBytes, at, "ends after the segment");
      }
      if (tag == TAG_RUN) {
        applyRun(key, keyBytes, value, at, first, count, map);
      } else {
        Arrays.fill(map.locations, first, first + count, SegmentMap.HOLE);
      }
      at += bytes + Integer.BYTES;
    }
    map.storedBytes = valueBytes;
  }

  private static void applyRun(
      final byte[] key,
      final int keyBytes,
      final byte[] value,
      final int at,
      final int first,
      final int count,
      final SegmentMap map) {
    final long location = (long) ByteSink.U64.get(value, at + 3);
    if (location < 0 || (location & PAGE_IN_BLOB) + count - 1 > PAGE_IN_BLOB) {
      throw badEntry(key, keyBytes, at, "has no possible location");
    }
    for (int i = 0; i < count; i++) {
      map.locations[first + i] = location + i;
      map.crcs[first + i] =
          (int) ByteSink.U32.get(value, at + RUN_HEADER_BYTES + i * Integer.BYTES);
    }
  }

  private static CorruptMetadataException badEntry(
      final byte[] key, final int keyBytes, final int at, final String what) {
    final byte[] whole = Arrays.copyOf(key, keyBytes);
    return new CorruptMetadataException(
        "metadata of chunk "
            + chunkOfSegmentKey(whole)
            + " is damaged: the entry at byte "
            + at
            + " of segment "
            + segmentOfSegmentKey(whole)
            + " "
            + what);
  }

  // --- checksums -------------------------------------------------------------------------------

  private static void seal(
      final ByteSink sink,
      final int start,
      final byte[] key,
      final int keyFrom,
      final int keyTo,
      final CRC32C crc) {
    crc.reset();
    crc.update(key, keyFrom, keyTo - keyFrom);
    crc.update(sink.array(), start, sink.size() - start);
    sink.putU32((int) crc.getValue());
  }

  private static void check(
      final String what, final byte[] value, final byte[] key, final int bytes) {
    if (value.length != bytes) {
      throw corrupt(what, "it has " + value.length + " bytes, must have " + bytes);
    }
    final CRC32C crc = new CRC32C();
    crc.update(key);
    crc.update(value, 0, value.length - Integer.BYTES);
    if ((int) crc.getValue() != (int) ByteSink.U32.get(value, value.length - Integer.BYTES)) {
      throw corrupt(what, "it has a wrong checksum");
    }
    if (value[0] != RECORD_VERSION) {
      throw corrupt(what, "it has the unknown version " + (value[0] & 0xff));
    }
  }

  private static CorruptMetadataException corrupt(final String what, final String why) {
    return new CorruptMetadataException(what + " is damaged: " + why);
  }
}
