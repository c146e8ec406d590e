package dev.ashlar.internal.metadata;

import dev.ashlar.ChunkKey;
import java.util.zip.CRC32C;

/**
 * Changes of metadata that take effect together; see {@link MetadataStore#apply}. Cleared and used
 * again by its owner: nothing is allocated once it has its size. For one thread at a time.
 */
public final class MetadataBatch {

  static final int OP_PUT = 1;
  static final int OP_MERGE = 2;
  static final int OP_DELETE = 3;
  static final int OP_DELETE_RANGE = 4;

  static final int FAMILY_DEFAULT = 0;
  static final int FAMILY_CHUNK = 1;
  static final int FAMILY_SEGMENT = 2;
  static final int FAMILY_SPACE = 3;

  /**
   * Up to this many segments are deleted one by one: a range tombstone costs every later read of
   * the family a little, until compaction has dropped it.
   */
  static final long MAX_SINGLE_DELETES = 256;

  /** Operation u8, column family u8, key bytes u16, value bytes u32; then key and value. */
  static final int HEADER_BYTES = 8;

  private final ByteSink log = new ByteSink(4096);
  private final CRC32C crc = new CRC32C();
  private int count;

  /** An empty batch. */
  public MetadataBatch() {}

  /**
   * Creates or replaces the record of a chunk.
   *
   * @param key of the chunk
   * @param sizeBytes logical size, not negative
   * @param version raised by every committed change
   * @param createdMicros microseconds since 1970
   * @param modifiedMicros microseconds since 1970
   */
  public void putChunk(
      final ChunkKey key,
      final long sizeBytes,
      final long version,
      final long createdMicros,
      final long modifiedMicros) {
    final int start = begin(OP_PUT, FAMILY_CHUNK);
    final int keyFrom = writeChunkKey(key);
    final int keyTo = log.size();
    MetadataCodec.writeChunk(
        log, keyFrom, keyTo, sizeBytes, version, createdMicros, modifiedMicros, crc);
    end(start, keyTo);
  }

  /**
   * Creates or replaces the record of a chunk.
   *
   * @param key of the chunk
   * @param chunk its record
   */
  public void putChunk(final ChunkKey key, final ChunkRecord chunk) {
    putChunk(
        key, chunk.sizeBytes(), chunk.version(), chunk.createdMicros(), chunk.modifiedMicros());
  }

  /**
   * Deletes the record of a chunk; its segments stay.
   *
   * @param key of the chunk
   */
  public void deleteChunk(final ChunkKey key) {
    final int start = begin(OP_DELETE, FAMILY_CHUNK);
    writeChunkKey(key);
    end(start, log.size());
  }

  /**
   * Replaces the whole map of a segment.
   *
   * @param key of the chunk
   * @param segment number of the segment
   * @param locations element {@code i} is the location of page {@code i}, or {@link
   *     SegmentMap#HOLE}
   * @param crcs element {@code i} is the CRC32C of page {@code i}
   * @param pages how many elements count, 0 to 256; later pages become holes
   */
  public void putSegment(
      final ChunkKey key,
      final long segment,
      final long[] locations,
      final int[] crcs,
      final int pages) {
    final int start = begin(OP_PUT, FAMILY_SEGMENT);
    final int keyFrom = writeSegmentKey(key, segment);
    final int keyTo = log.size();
    MetadataCodec.writeSegment(log, keyFrom, keyTo, 0, pages, locations, crcs, 0, false, crc);
    end(start, keyTo);
  }

  /**
   * Replaces some pages in the map of a segment, without reading it. Each merge makes the stored
   * value longer; see {@link #worthRewriting}.
   *
   * @param key of the chunk
   * @param segment number of the segment
   * @param firstPage first page of the segment that changes, 0 to 255
   * @param pages how many change; {@code firstPage + pages} is at most 256
   * @param locations element {@code at + i} is the new location of page {@code firstPage + i}, or
   *     {@link SegmentMap#HOLE}
   * @param crcs the CRC32Cs likewise
   * @param at index of the first element that counts
   */
  public void mergeSegment(
      final ChunkKey key,
      final long segment,
      final int firstPage,
      final int pages,
      final long[] locations,
      final int[] crcs,
      final int at) {
    final int start = begin(OP_MERGE, FAMILY_SEGMENT);
    final int keyFrom = writeSegmentKey(key, segment);
    final int keyTo = log.size();
    MetadataCodec.writeSegment(
        log, keyFrom, keyTo, firstPage, pages, locations, crcs, at, true, crc);
    end(start, keyTo);
  }

  /**
   * Deletes the map of a segment: all its pages become holes.
   *
   * @param key of the chunk
   * @param segment number of the segment
   */
  public void deleteSegment(final ChunkKey key, final long segment) {
    final int start = begin(OP_DELETE, FAMILY_SEGMENT);
    writeSegmentKey(key, segment);
    end(start, log.size());
  }

  /**
   * Deletes the maps of consecutive segments.
   *
   * @param key of the chunk
   * @param from first segment
   * @param to the segment after the last; {@link MetadataStore#MAX_SEGMENTS} for all
   */
  public void deleteSegments(final ChunkKey key, final long from, final long to) {
    if (to - from <= MAX_SINGLE_DELETES) {
      for (long segment = from; segment < to; segment++) {
        deleteSegment(key, segment);
      }
      return;
    }
    final int start = begin(OP_DELETE_RANGE, FAMILY_SEGMENT);
    writeSegmentKey(key, from);
    final int keyTo = log.size();
    if (to < MetadataCodec.MAX_SEGMENTS) {
      writeSegmentKey(key, to);
    } else {
      log.putBytes(MetadataCodec.afterSegments(key));
    }
    end(start, keyTo);
  }

  /**
   * Saves the used pages of a private blob.
   *
   * @param space the record
   */
  public void putSpace(final SpaceRecord space) {
    putRecord(FAMILY_SPACE, MetadataCodec.spaceKey(space.blob()), MetadataCodec.encodeSpace(space));
  }

  /**
   * Forgets the saved pages of a private blob.
   *
   * @param blob index of the blob's root page
   */
  public void deleteSpace(final int blob) {
    deleteRecord(FAMILY_SPACE, MetadataCodec.spaceKey(blob));
  }

  /**
   * Creates or replaces the record of the store.
   *
   * @param store the record
   */
  public void putStore(final StoreRecord store) {
    putRecord(FAMILY_DEFAULT, MetadataCodec.storeKey(), MetadataCodec.encodeStore(store));
  }

  /**
   * Notes that the store was closed cleanly and its space records are right.
   *
   * @param generation of the store
   */
  public void putClean(final long generation) {
    putRecord(FAMILY_DEFAULT, MetadataCodec.cleanKey(), MetadataCodec.encodeClean(generation));
  }

  /** Notes that the store is open, so that space records are not right any more. */
  public void deleteClean() {
    deleteRecord(FAMILY_DEFAULT, MetadataCodec.cleanKey());
  }

  /**
   * Adds all changes of another batch, in their order.
   *
   * @param other not changed
   */
  public void addAll(final MetadataBatch other) {
    final int at = log.extend(other.log.size());
    System.arraycopy(other.log.array(), 0, log.array(), at, other.log.size());
    count += other.count;
  }

  /** Makes this batch empty; it keeps its memory. */
  public void clear() {
    log.clear();
    count = 0;
  }

  /**
   * Whether there is nothing in it.
   *
   * @return true if there is not
   */
  public boolean isEmpty() {
    return count == 0;
  }

  /**
   * Number of changes.
   *
   * @return the number
   */
  public int count() {
    return count;
  }

  /**
   * How much this batch adds to RocksDB's log, within a few bytes for each change.
   *
   * @return bytes
   */
  public long sizeBytes() {
    return log.size();
  }

  /**
   * Whether the value of a segment has become so long by merges that it should be put as a whole:
   * the bytes written for that stay fewer than those of the merges before it.
   *
   * @param storedBytes length of the stored value, from {@link SegmentMap#storedBytes} plus what
   *     was merged since ({@link #mergeBytes})
   * @param pages number of pages of the segment that are not holes
   * @return true if it should be put
   */
  public static boolean worthRewriting(final long storedBytes, final int pages) {
    return storedBytes > 1024 + 2L * mergeBytes(pages);
  }

  /**
   * How many bytes a merge of pages that lie one after the other adds to the stored value.
   *
   * @param pages number of pages, 1 to 256
   * @return bytes
   */
  public static int mergeBytes(final int pages) {
    return MetadataCodec.runBytes(pages);
  }

  /** The log of changes, for the store. */
  byte[] log() {
    return log.array();
  }

  int logBytes() {
    return log.size();
  }

  private void putRecord(final int family, final byte[] key, final byte[] value) {
    final int start = begin(OP_PUT, family);
    log.putBytes(key);
    final int keyTo = log.size();
    log.putBytes(value);
    end(start, keyTo);
  }

  private void deleteRecord(final int family, final byte[] key) {
    final int start = begin(OP_DELETE, family);
    log.putBytes(key);
    end(start, log.size());
  }

  private int begin(final int operation, final int family) {
    final int start = log.extend(HEADER_BYTES);
    log.array()[start] = (byte) operation;
    log.array()[start + 1] = (byte) family;
    return start;
  }

  private void end(final int start, final int keyTo) {
    ByteSink.U16.set(log.array(), start + 2, (short) (keyTo - start - HEADER_BYTES));
    ByteSink.U32.set(log.array(), start + 4, log.size() - keyTo);
    count++;
  }

  private int writeChunkKey(final ChunkKey key) {
    final int at = log.extend(MetadataCodec.chunkKeyBytes(key));
    MetadataCodec.writeChunkKey(key, log.array(), at);
    return at;
  }

  private int writeSegmentKey(final ChunkKey key, final long segment) {
    final int at = log.extend(MetadataCodec.chunkKeyBytes(key) + Integer.BYTES);
    MetadataCodec.writeSegmentKey(key, segment, log.array(), at);
    return at;
  }
}
