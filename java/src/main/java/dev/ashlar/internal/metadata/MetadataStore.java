package dev.ashlar.internal.metadata;

import dev.ashlar.ChunkKey;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of one store. All methods may be called by any thread unless they say otherwise; all
 * but {@link #close} throw {@link dev.ashlar.StoreClosedException} after close and an {@link
 * dev.ashlar.AshlarException} when storage fails.
 */
public interface MetadataStore extends AutoCloseable {

  /** Segments a chunk can have. */
  long MAX_SEGMENTS = MetadataCodec.MAX_SEGMENTS;

  /** What became of the batch whose {@link #apply} found no space. */
  enum Recovery {
    /** There is still too little space; changes are refused as before. */
    NOT_YET,
    /** Nothing of it is there, nor ever will be; changes are taken again. */
    ABSENT,
    /** All of it is there, durably; changes are taken again. */
    PRESENT
  }

  /**
   * Makes the changes of a batch visible, all at once, in the order of the calls. By one thread at
   * a time, the committer.
   *
   * @param batch what changes; not changed itself
   * @param sync true: it and all before it are durable on return; false: they survive a crash of
   *     the process, and after a crash of the machine the lost ones are the newest
   * @throws dev.ashlar.OutOfSpaceException if there is no space for it; it is then unknown whether
   *     the batch is there, and all later changes are refused until {@link #recover} has taken
   *     place
   * @throws dev.ashlar.AshlarException if it fails otherwise; it is then unknown whether the batch
   *     will be there after the next open, and this store refuses all later changes
   */
  void apply(MetadataBatch batch, boolean sync);

  /**
   * Takes up work again after {@link #apply} has found no space, if there is some now. Calls of
   * other threads wait meanwhile, cursors go on. By the thread that applies.
   *
   * @return what became of the batch that failed
   * @throws dev.ashlar.AshlarException if that is impossible for another reason than want of space;
   *     this store then refuses all later changes
   */
  Recovery recover();

  /**
   * Whether so little space is left for metadata that only such changes should be made as make it
   * smaller.
   *
   * @return true if so; false also where nobody knows
   */
  boolean isSpaceLow();

  /**
   * Makes all batches durable that were applied before.
   *
   * @throws dev.ashlar.AshlarException as {@link #apply}
   */
  void sync();

  /**
   * Waits until the work in the background has caught up with what was applied, so that the space
   * that it needs on the way is free again; for some seconds at most.
   */
  void settle();

  /**
   * Reads the record of a chunk.
   *
   * @param key of the chunk
   * @return the record; null if there is none
   * @throws dev.ashlar.CorruptMetadataException if it is damaged
   */
  @Nullable ChunkRecord getChunk(ChunkKey key);

  /**
   * Reads the map of a segment.
   *
   * @param key of the chunk
   * @param segment number of the segment
   * @param into is overwritten, with holes where there is nothing
   * @return false if nothing is stored
   * @throws dev.ashlar.CorruptMetadataException if it is damaged
   */
  boolean readSegment(ChunkKey key, long segment, SegmentMap into);

  /**
   * Goes through chunks in the order of their keys.
   *
   * @param prefix with which their ids begin; empty for all
   * @param after only keys after this one; null for all
   * @return a cursor before the first, to be closed
   * @throws IllegalArgumentException if no id can begin with the prefix
   */
  ChunkCursor chunks(String prefix, @Nullable ChunkKey after);

  /**
   * Goes through the stored segments of one chunk.
   *
   * @param key of the chunk
   * @param from number of the first segment
   * @return a cursor before the first, to be closed
   */
  SegmentCursor segments(ChunkKey key, long from);

  /**
   * Goes through all stored segments of all chunks.
   *
   * @return a cursor before the first, to be closed
   */
  SegmentCursor allSegments();

  /**
   * Reads the record of the store.
   *
   * @return the record; null if there is none
   * @throws dev.ashlar.WrongFormatException if it is of another version
   * @throws dev.ashlar.CorruptMetadataException if it is damaged
   */
  @Nullable StoreRecord getStore();

  /**
   * Reads the note of the last clean close.
   *
   * @return generation of the store at that close; empty if the store has been open since
   * @throws dev.ashlar.CorruptMetadataException if it is damaged
   */
  OptionalLong getClean();

  /**
   * Reads all saved pages of private blobs.
   *
   * @return the records, in the order of their blobs
   * @throws dev.ashlar.CorruptMetadataException if one is damaged
   */
  List<SpaceRecord> getSpaces();

  /**
   * Numbers about memory and size.
   *
   * @return the numbers of now
   */
  MetadataStats stats();

  /**
   * Waits for calls that are running, closes all cursors and gives everything back. Nothing more
   * becomes durable by it than was. Again is fine.
   */
  @Override
  void close();
}
