package dev.ashlar.internal.metadata;

import dev.ashlar.AshlarException;
import dev.ashlar.ChunkKey;
import dev.ashlar.CorruptMetadataException;
import dev.ashlar.OutOfSpaceException;
import dev.ashlar.ReadOnlyStoreException;
import dev.ashlar.StorageIoException;
import dev.ashlar.internal.metadata.MetadataOptions.Mode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.FlushOptions;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Metadata in RocksDB. Every call passes a gate that close shuts, so that no native object is used
 * after it is gone.
 *
 * <p>A database that found no space is opened again when there is some, while other calls wait.
 * Opening reads the log and writes all of it to tables, and goes on with a new log. So what became
 * of the batch that failed is certain afterwards, and stays so.
 */
public final class RocksMetadataStore implements MetadataStore {

  private static final Logger LOG = LoggerFactory.getLogger(RocksMetadataStore.class);

  private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long SETTLE_POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /** A batch is large if it is more than this part of the room that there is for sure. */
  private static final int LARGE_PART = 16;

  /** A batch comes into the log, then into a table, and that into another one. */
  private static final int COPIES = 3;

  /** Files that opening makes besides the tables of what is in memory: log, manifest, and so on. */
  private static final int FILES_TO_OPEN = 4;

  private static final String MEMTABLE_BYTES = "rocksdb.cur-size-all-mem-tables";

  private static final List<String> BACKGROUND_WORK =
      List.of(
          "rocksdb.mem-table-flush-pending",
          "rocksdb.num-running-flushes",
          "rocksdb.compaction-pending",
          "rocksdb.num-running-compactions");

  private final MetadataOptions options;
  private final UseGate gate;
  private @Nullable RocksResources resources; // inside the gate, or while it is paused
  private final Set<RocksCursor> cursors = ConcurrentHashMap.newKeySet();
  private final ReadOptions reads = new ReadOptions().setVerifyChecksums(true);
  private final WriteOptions synced = new WriteOptions().setSync(true);
  private final WriteOptions unsynced = new WriteOptions().setSync(false);
  private final Object writing = new Object();
  private final RocksBatch rocksBatch = new RocksBatch(); // guarded by writing

  // Numbers of the database: up to which all is durable; the last one in use, and the last one of
  // the batch that is being written.
  private long durableSequence;
  private long lastSequence;
  private long attemptedSequence;

  private volatile @Nullable RocksDBException failure;

  private RocksMetadataStore(final MetadataOptions options, final RocksResources resources) {
    this.options = options;
    this.resources = resources;
    this.gate = new UseGate("the store");
    this.durableSequence = resources.db().getLatestSequenceNumber();
    this.lastSequence = durableSequence;
    this.attemptedSequence = durableSequence;
  }

  /**
   * Opens metadata. Its place belongs to the store that is returned; if this fails, it remains the
   * caller's.
   *
   * @param options where and how
   * @return the open store
   * @throws dev.ashlar.AshlarException if it cannot be opened
   */
  public static RocksMetadataStore open(final MetadataOptions options) {
    try {
      // BlobFS checks every unit of a log that it reads, and what was durable of it is never
      // silently shorter: RocksDB gets an error there, so the log need not be read twice.
      if (options.place() instanceof MetadataPlace.Folder folder && options.mode() != Mode.CREATE) {
        checkLog(options, folder.path());
      }
      return new RocksMetadataStore(options, new RocksResources(options));
    } catch (final RocksDBException e) {
      throw RocksErrors.toException("opening metadata in " + options.place().describe(), e);
    }
  }

  /** Whether there is metadata without a single chunk. The place is released. */
  static boolean isPristine(final MetadataPlace place) {
    final var options =
        new MetadataOptions(
            place, MetadataOptions.Mode.READ_ONLY, MetadataOptions.MIN_MEMORY_BYTES);
    final RocksMetadataStore store;
    try {
      store = open(options);
    } catch (final AshlarException e) {
      place.release();
      return false;
    }
    try (store;
        ChunkCursor chunks = store.chunks("", null);
        SegmentCursor segments = store.allSegments()) {
      return !chunks.next() && !segments.next();
    } catch (final AshlarException e) {
      return false;
    }
  }

  /** Refuses a log that has lost acknowledged commits, before an open for writing hides it. */
  private static void checkLog(final MetadataOptions options, final Path folder)
      throws RocksDBException {
    final long mark = WalCheck.highestMark(folder);
    if (mark == WalCheck.NONE) {
      return;
    }
    final var readOnly = new MetadataOptions(folder, Mode.READ_ONLY, options.memoryBytes());
    final long reached;
    try (RocksResources recovered = new RocksResources(readOnly)) {
      reached = recovered.db().getLatestSequenceNumber();
    }
    if (reached < mark) {
      throw new CorruptMetadataException(
          "metadata in "
              + folder
              + " has lost acknowledged changes: its log can be read up to number "
              + reached
              + ", changes up to number "
              + mark
              + " were durable. Restore the folder from a copy");
    }
  }

  // --- changes ---------------------------------------------------------------------------------

  @Override
  public void apply(final MetadataBatch batch, final boolean sync) {
    gate.enter();
    try {
      synchronized (writing) {
        checkWritable();
        checkRoom(batch);
        final RocksResources now = opened();
        rocksBatch.fill(batch, durableSequence, now);
        attemptedSequence = lastSequence + rocksBatch.count();
        now.db().write(sync ? synced : unsynced, rocksBatch.batch());
        lastSequence = now.db().getLatestSequenceNumber();
        if (sync) {
          durableSequence = lastSequence;
        }
      }
    } catch (final RocksDBException e) {
      throw failed("writing metadata", e);
    } finally {
      gate.exit();
    }
  }

  @Override
  public void sync() {
    gate.enter();
    try {
      synchronized (writing) {
        checkWritable();
        if (options.place().lasts()) { // memory has nothing to sync, and says so with an error
          db().flushWal(true);
        }
        durableSequence = lastSequence;
      }
    } catch (final RocksDBException e) {
      throw failed("syncing metadata", e);
    } finally {
      gate.exit();
    }
  }

  private void checkWritable() {
    if (options.mode() == Mode.READ_ONLY) {
      throw new ReadOnlyStoreException("the store was opened read-only");
    }
    final RocksDBException first = failure;
    if (first != null) {
      final String until =
          RocksErrors.mayPass(first) ? "there is space for it" : "the store is opened again";
      throw RocksErrors.toException(
          "writing metadata is refused until " + until + ", since it", first);
    }
  }

  /**
   * Refuses a large batch for which there is no room, before anything of it is written: the part of
   * it that fits would take all space, in the log, and opening needs some.
   */
  private void checkRoom(final MetadataBatch batch) {
    final MetadataPlace place = options.place();
    if (batch.sizeBytes() <= place.roomBytes() / LARGE_PART) {
      return;
    }
    final long needed = batch.sizeBytes() * COPIES + place.fileBytes() * FILES_TO_OPEN;
    final long free = place.freeBytes();
    if (free < needed) {
      throw new OutOfSpaceException(
          "the changes of one commit have "
              + batch.sizeBytes()
              + " bytes of metadata, for which "
              + needed
              + " bytes of space are needed, and there are "
              + free
              + " in "
              + place.describe());
    }
  }

  /** What was written when it failed is unknown: nothing may be written after it. */
  private RuntimeException failed(final String what, final RocksDBException error) {
    if (failure == null) {
      failure = error;
    }
    return RocksErrors.toException(what, error);
  }

  /** The database, which is another one after a recovery; inside the gate. */
  private RocksResources opened() {
    final RocksResources now = resources;
    if (now == null) {
      throw new StorageIoException(
          "metadata in " + options.place().describe() + " could not be opened again", 0, failure);
    }
    return now;
  }

  private RocksDB db() {
    return opened().db();
  }

  // --- reads -----------------------------------------------------------------------------------

  @Override
  public @Nullable ChunkRecord getChunk(final ChunkKey key) {
    final byte[] bytes = MetadataCodec.chunkKey(key);
    final byte[] value = get(MetadataBatch.FAMILY_CHUNK, bytes);
    return value == null ? null : MetadataCodec.decodeChunkRecord(bytes, value);
  }

  @Override
  public boolean readSegment(final ChunkKey key, final long segment, final SegmentMap into) {
    into.clear();
    final int keyBytes = MetadataCodec.chunkKeyBytes(key) + Integer.BYTES;
    if (into.key.length < keyBytes) {
      into.key = new byte[MetadataCodec.MAX_SEGMENT_KEY_BYTES];
    }
    MetadataCodec.writeSegmentKey(key, segment, into.key, 0);
    int valueBytes = get(into, keyBytes);
    while (valueBytes > into.value.length) {
      into.value = new byte[valueBytes + valueBytes / 2];
      valueBytes = get(into, keyBytes);
    }
    if (valueBytes == RocksDB.NOT_FOUND) {
      return false;
    }
    MetadataCodec.decodeSegment(into.key, keyBytes, into.value, valueBytes, into, new CRC32C());
    return true;
  }

  private int get(final SegmentMap into, final int keyBytes) {
    gate.enter();
    try {
      final RocksResources now = opened();
      return now.db()
          .get(
              now.family(MetadataBatch.FAMILY_SEGMENT),
              reads,
              into.key,
              0,
              keyBytes,
              into.value,
              0,
              into.value.length);
    } catch (final RocksDBException e) {
      throw RocksErrors.toException("reading metadata", e);
    } finally {
      gate.exit();
    }
  }

  private byte @Nullable [] get(final int family, final byte[] key) {
    gate.enter();
    try {
      final RocksResources now = opened();
      return now.db().get(now.family(family), reads, key);
    } catch (final RocksDBException e) {
      throw RocksErrors.toException("reading metadata", e);
    } finally {
      gate.exit();
    }
  }

  @Override
  public @Nullable StoreRecord getStore() {
    final byte[] value = get(MetadataBatch.FAMILY_DEFAULT, MetadataCodec.storeKey());
    return value == null ? null : MetadataCodec.decodeStore(value);
  }

  @Override
  public OptionalLong getClean() {
    final byte[] value = get(MetadataBatch.FAMILY_DEFAULT, MetadataCodec.cleanKey());
    return value == null ? OptionalLong.empty() : OptionalLong.of(MetadataCodec.decodeClean(value));
  }

  @Override
  public List<SpaceRecord> getSpaces() {
    final List<SpaceRecord> spaces = new ArrayList<>();
    try (RocksCursor cursor = cursor(MetadataBatch.FAMILY_SPACE, new byte[0], null)) {
      while (cursor.next()) {
        spaces.add(MetadataCodec.decodeSpace(cursor.key(), cursor.value()));
      }
    }
    return spaces;
  }

  // --- cursors ---------------------------------------------------------------------------------

  @Override
  public ChunkCursor chunks(final String prefix, final @Nullable ChunkKey after) {
    final byte[] first = MetadataCodec.idPrefix(prefix);
    byte[] from = first;
    if (after != null) {
      final byte[] next = MetadataCodec.successor(MetadataCodec.chunkKey(after));
      if (Arrays.compareUnsigned(next, first) > 0) {
        from = next;
      }
    }
    final byte[] to = first.length == 0 ? null : MetadataCodec.after(first);
    return new RocksChunkCursor(cursor(MetadataBatch.FAMILY_CHUNK, from, to));
  }

  @Override
  public SegmentCursor segments(final ChunkKey key, final long from) {
    return new RocksSegmentCursor(
        cursor(
            MetadataBatch.FAMILY_SEGMENT,
            MetadataCodec.segmentKey(key, from),
            MetadataCodec.afterSegments(key)));
  }

  @Override
  public SegmentCursor allSegments() {
    return new RocksSegmentCursor(cursor(MetadataBatch.FAMILY_SEGMENT, new byte[0], null));
  }

  private RocksCursor cursor(final int family, final byte[] from, final byte @Nullable [] to) {
    gate.enter();
    try {
      final RocksCursor cursor = new RocksCursor(this, family, from, to);
      cursors.add(cursor);
      return cursor;
    } finally {
      gate.exit();
    }
  }

  /** For a cursor, inside the gate. */
  RocksIterator newIterator(final int family, final ReadOptions how) {
    final RocksResources now = opened();
    return now.db().newIterator(now.family(family), how);
  }

  void enter() {
    gate.enter();
  }

  void exit() {
    gate.exit();
  }

  void forget(final RocksCursor cursor) {
    cursors.remove(cursor);
  }

  // --- after want of space -----------------------------------------------------------------------

  @Override
  public Recovery recover() {
    final RocksDBException first = failure;
    if (first == null) {
      return Recovery.ABSENT; // there was no room, so nothing has been written
    }
    if (!RocksErrors.mayPass(first)) {
      throw RocksErrors.toException("writing metadata", first);
    }
    if (options.place().freeBytes() < bytesToOpen()) {
      return Recovery.NOT_YET;
    }
    gate.pause();
    try {
      synchronized (writing) {
        return openAgain();
      }
    } finally {
      gate.resume();
    }
  }

  @Override
  public boolean isSpaceLow() {
    gate.enter();
    try {
      return options.place().isSpaceLow();
    } finally {
      gate.exit();
    }
  }

  private long bytesToOpen() {
    gate.enter();
    try {
      final RocksResources now = resources;
      return options.place().fileBytes() * FILES_TO_OPEN
          + (now == null ? 0 : now.db().getAggregatedLongProperty(MEMTABLE_BYTES));
    } catch (final RocksDBException e) {
      throw RocksErrors.toException("asking for the size of metadata", e);
    } finally {
      gate.exit();
    }
  }

  /** Nobody is inside the gate. */
  private Recovery openAgain() {
    cursors.forEach(RocksCursor::suspend);
    closeDatabase();
    final long reached;
    try {
      final RocksResources again = open(Mode.OPEN);
      resources = again;
      reached = again.db().getLatestSequenceNumber();
    } catch (final RocksDBException e) {
      openForReads();
      if (RocksErrors.mayPass(e)) {
        return Recovery.NOT_YET;
      }
      throw failedForGood(RocksErrors.toException("opening metadata again", e), e);
    }
    if (reached != lastSequence && reached != attemptedSequence) {
      final var lost =
          new CorruptMetadataException(
              "metadata in "
                  + options.place().describe()
                  + " was written up to number "
                  + lastSequence
                  + ", or up to "
                  + attemptedSequence
                  + " when it ran out of space, but reaches to number "
                  + reached);
      throw failedForGood(lost, new RocksDBException(lost.getMessage()));
    }
    final Recovery outcome = reached == lastSequence ? Recovery.ABSENT : Recovery.PRESENT;
    lastSequence = reached;
    attemptedSequence = reached;
    durableSequence = reached;
    failure = null;
    return outcome;
  }

  private RuntimeException failedForGood(
      final RuntimeException error, final RocksDBException cause) {
    failure = cause;
    return error;
  }

  private RocksResources open(final Mode mode) throws RocksDBException {
    return new RocksResources(new MetadataOptions(options.place(), mode, options.memoryBytes()));
  }

  /** Reads go on while there is still too little space. */
  private void openForReads() {
    try {
      resources = open(Mode.READ_ONLY);
    } catch (final RocksDBException e) {
      LOG.error("metadata cannot be read until it can be opened again", e);
    }
  }

  private void closeDatabase() {
    final RocksResources now = resources;
    resources = null;
    if (now != null) {
      now.close();
    }
  }

  // --- the rest --------------------------------------------------------------------------------

  @Override
  public void settle() {
    gate.enter();
    try {
      final long start = System.nanoTime();
      while (isAtWork() && System.nanoTime() - start < SETTLE_NANOS) {
        LockSupport.parkNanos(this, SETTLE_POLL_NANOS);
      }
    } catch (final RocksDBException e) {
      throw RocksErrors.toException("asking for the work on metadata", e);
    } finally {
      gate.exit();
    }
  }

  private boolean isAtWork() throws RocksDBException {
    for (final String work : BACKGROUND_WORK) {
      if (db().getAggregatedLongProperty(work) != 0) {
        return true;
      }
    }
    return false;
  }

  @Override
  public MetadataStats stats() {
    gate.enter();
    try {
      final RocksResources now = opened();
      final RocksDB db = now.db();
      return new MetadataStats(
          options.place().describe(),
          now.cache().getUsage(),
          db.getAggregatedLongProperty(MEMTABLE_BYTES),
          db.getAggregatedLongProperty("rocksdb.total-sst-files-size"),
          db.getLongProperty(now.family(MetadataBatch.FAMILY_CHUNK), "rocksdb.estimate-num-keys"));
    } catch (final RocksDBException e) {
      throw RocksErrors.toException("asking for numbers about metadata", e);
    } finally {
      gate.exit();
    }
  }

  @Override
  public void close() {
    if (!gate.close()) {
      return;
    }
    cursors.forEach(RocksCursor::release);
    cursors.clear();
    if (options.place().lasts() && options.mode() != Mode.READ_ONLY && failure == null) {
      flushTables();
    }
    rocksBatch.close();
    closeDatabase();
    synced.close();
    unsynced.close();
    reads.close();
    options.place().release();
  }

  /** For tests: moves what is in memory to tables. */
  void flush() {
    flushTables();
  }

  /** For tests: merges all tables. */
  void compact() {
    flushTables();
    try {
      for (final ColumnFamilyHandle family : opened().families()) {
        db().compactRange(family);
      }
    } catch (final RocksDBException e) {
      throw RocksErrors.toException("compacting metadata", e);
    }
  }

  /** For tests: puts a value of any content. */
  void putRaw(final int family, final byte[] key, final byte[] value) {
    try {
      db().put(opened().family(family), key, value);
    } catch (final RocksDBException e) {
      throw RocksErrors.toException("writing metadata", e);
    }
  }

  /** So that the next open has no log to read; all is in the log if this fails. */
  private void flushTables() {
    try (FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
      db().flush(flush, opened().families());
    } catch (final RocksDBException e) {
      LOG.warn("flushing metadata at close failed; the next open reads the log instead", e);
    }
  }
}
