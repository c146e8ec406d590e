package dev.ashlar.internal.metadata;

import dev.ashlar.AshlarException;
import dev.ashlar.ChunkKey;
import dev.ashlar.CorruptMetadataException;
import dev.ashlar.ReadOnlyStoreException;
import dev.ashlar.internal.metadata.MetadataOptions.Mode;
import java.nio.ByteBuffer;
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
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Metadata in RocksDB. Every call passes a gate that close shuts, so that no native object is used
 * after it is gone.
 */
public final class RocksMetadataStore implements MetadataStore {

  private static final Logger LOG = LoggerFactory.getLogger(RocksMetadataStore.class);

  /** A write batch that has grown beyond this is not kept. */
  private static final long MAX_KEPT_BATCH_BYTES = 1 << 20;

  private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long SETTLE_POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final List<String> BACKGROUND_WORK =
      List.of(
          "rocksdb.mem-table-flush-pending",
          "rocksdb.num-running-flushes",
          "rocksdb.compaction-pending",
          "rocksdb.num-running-compactions");

  private final MetadataOptions options;
  private final UseGate gate;
  private final RocksResources resources;
  private final RocksDB db;
  private final Set<RocksCursor> cursors = ConcurrentHashMap.newKeySet();
  private final ReadOptions reads = new ReadOptions().setVerifyChecksums(true);
  private final WriteOptions synced = new WriteOptions().setSync(true);
  private final WriteOptions unsynced = new WriteOptions().setSync(false);
  private final ExactArrays keys = new ExactArrays();
  private final ExactArrays values = new ExactArrays();
  private final ByteBuffer longKey = ByteBuffer.allocateDirect(1024);
  private final ByteBuffer longValue = ByteBuffer.allocateDirect(8192);
  private final Object writing = new Object();
  private final byte[] mark = new byte[WalCheck.MARK_BYTES];
  private WriteBatch rocksBatch = new WriteBatch();
  private long durableSequence;
  private volatile @Nullable RocksDBException failure;

  private RocksMetadataStore(final MetadataOptions options, final RocksResources resources) {
    this.options = options;
    this.resources = resources;
    this.db = resources.db();
    this.gate = new UseGate("the store");
    this.durableSequence = db.getLatestSequenceNumber();
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
        fill(batch);
        db.write(sync ? synced : unsynced, rocksBatch);
        if (sync) {
          durableSequence = db.getLatestSequenceNumber();
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
          db.flushWal(true);
        }
        durableSequence = db.getLatestSequenceNumber();
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
      throw RocksErrors.toException(
          "writing metadata is refused until the store is opened again, since it", first);
    }
  }

  /** What was written when it failed is unknown: nothing may be written after it. */
  private RuntimeException failed(final String what, final RocksDBException error) {
    if (failure == null) {
      failure = error;
    }
    return RocksErrors.toException(what, error);
  }

  private void fill(final MetadataBatch batch) throws RocksDBException {
    if (rocksBatch.getDataSize() > MAX_KEPT_BATCH_BYTES) {
      rocksBatch.close();
      rocksBatch = new WriteBatch();
    } else {
      rocksBatch.clear();
    }
    WalCheck.writeMark(mark, durableSequence);
    rocksBatch.putLogData(mark);
    final byte[] log = batch.log();
    int at = 0;
    while (at < batch.logBytes()) {
      final int keyFrom = at + MetadataBatch.HEADER_BYTES;
      final int keyTo = keyFrom + ((short) ByteSink.U16.get(log, at + 2) & 0xffff);
      final int valueTo = keyTo + (int) ByteSink.U32.get(log, at + 4);
      final ColumnFamilyHandle family = resources.family(log[at + 1]);
      final byte[] key = keys.copy(log, keyFrom, keyTo);
      switch (log[at]) {
        case MetadataBatch.OP_PUT -> put(family, key, log, keyTo, valueTo);
        case MetadataBatch.OP_MERGE ->
            rocksBatch.merge(family, key, values.copy(log, keyTo, valueTo));
        case MetadataBatch.OP_DELETE -> rocksBatch.delete(family, key);
        case MetadataBatch.OP_DELETE_RANGE ->
            rocksBatch.deleteRange(family, key, values.copy(log, keyTo, valueTo));
        default -> throw new IllegalStateException("operation " + log[at] + " in a batch");
      }
      at = valueTo;
    }
  }

  private void put(
      final ColumnFamilyHandle family,
      final byte[] key,
      final byte[] log,
      final int valueFrom,
      final int valueTo)
      throws RocksDBException {
    final int length = valueTo - valueFrom;
    if (length <= ExactArrays.MAX_KEPT || length > longValue.capacity()) {
      rocksBatch.put(family, key, values.copy(log, valueFrom, valueTo));
      return;
    }
    longKey.clear().put(key).flip();
    longValue.clear().put(log, valueFrom, length).flip();
    rocksBatch.put(family, longKey, longValue);
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
      return db.get(
          resources.family(MetadataBatch.FAMILY_SEGMENT),
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
      return db.get(resources.family(family), reads, key);
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
      final RocksCursor cursor = new RocksCursor(this, db, resources.family(family), from, to);
      cursors.add(cursor);
      return cursor;
    } finally {
      gate.exit();
    }
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
      if (db.getAggregatedLongProperty(work) != 0) {
        return true;
      }
    }
    return false;
  }

  @Override
  public MetadataStats stats() {
    gate.enter();
    try {
      return new MetadataStats(
          options.place().describe(),
          resources.cache().getUsage(),
          db.getAggregatedLongProperty("rocksdb.cur-size-all-mem-tables"),
          db.getAggregatedLongProperty("rocksdb.total-sst-files-size"),
          db.getLongProperty(
              resources.family(MetadataBatch.FAMILY_CHUNK), "rocksdb.estimate-num-keys"));
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
    resources.close();
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
      for (final ColumnFamilyHandle family : resources.families()) {
        db.compactRange(family);
      }
    } catch (final RocksDBException e) {
      throw RocksErrors.toException("compacting metadata", e);
    }
  }

  /** For tests: puts a value of any content. */
  void putRaw(final int family, final byte[] key, final byte[] value) {
    try {
      db.put(resources.family(family), key, value);
    } catch (final RocksDBException e) {
      throw RocksErrors.toException("writing metadata", e);
    }
  }

  /** So that the next open has no log to read; all is in the log if this fails. */
  private void flushTables() {
    try (FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
      db.flush(flush, resources.families());
    } catch (final RocksDBException e) {
      LOG.warn("flushing metadata at close failed; the next open reads the log instead", e);
    }
  }
}
