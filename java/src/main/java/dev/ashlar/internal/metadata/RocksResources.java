package dev.ashlar.internal.metadata;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.ashlar.internal.metadata.MetadataOptions.Mode;
import dev.ashlar.internal.rocksdb.RocksLibrary;
import dev.ashlar.internal.rocksdb.RocksPlugin;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Properties;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.Env;
import org.rocksdb.Filter;
import org.rocksdb.IndexType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.MergeOperator;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksMemEnv;
import org.rocksdb.StringAppendOperator;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBufferManager;

/**
 * The database and every native object that it needs, with the options we chose. Each object is
 * registered when it is made, and close takes them in the opposite order: RocksDB crashes the
 * process when an option object goes before the database that uses it.
 *
 * <p>What the options are for:
 *
 * <ul>
 *   <li>One write-ahead log for all families, always on. So a batch over several families is
 *       atomic, and flushing the families one by one is safe: RocksDB syncs the closed logs before
 *       it flushes one family of several. Atomic flush is for databases without a log.
 *   <li>Recovery to a point in time: after power loss the unsynced tail of the log may be torn, and
 *       what is kept must be a prefix of the commits, in order. That mode alone would also drop
 *       synced batches behind a damaged record without a word; {@link WalCheck} looks for those
 *       before the database is opened, and synced closed logs are tracked in the manifest.
 *   <li>Logs are never recycled: stale records in the tail of a recycled log bring deleted keys
 *       back.
 *   <li>Merges append, without a delimiter: an overwrite adds a few bytes to a segment's value
 *       without reading it.
 *   <li>One cache for data, index and filter blocks, and write buffers charged to it: the memory is
 *       bounded by one number. Files that are open at once are bounded, too.
 *   <li>Indexes and filters come in parts of a page. Whole ones are as long as a shard of the
 *       cache, and would be read again, all of them, for every key that is not there.
 *   <li>Logs, tables and compactions are kept to fractions of the room that there is for sure: on a
 *       device that is full of chunks only a reserve is left for them, and removals must go on.
 *   <li>Records of chunks are compressed; maps, which are mostly checksums, are not. Nor is
 *       anything on a small device: a table takes a cluster however small it is, and RocksDB counts
 *       bytes.
 *   <li>No statistics and no timers: an idle store uses no CPU time.
 * </ul>
 */
final class RocksResources implements AutoCloseable {

  private static final long MAX_WRITE_BUFFER_BYTES = 32L << 20;
  private static final long MIN_WRITE_BUFFER_BYTES = 512L << 10;
  private static final long COMPRESS_FROM_BYTES = 4L << 20;
  private static final long MAX_LOG_BYTES = 64L << 20;
  private static final long MAX_MANIFEST_BYTES = 64L << 20;
  private static final long MAX_TABLE_BYTES = 64L << 20;
  private static final long MIN_ROOM_BYTES = 64L << 10;
  private static final int MAX_TABLES_IN_LEVEL_0 = 36;
  private static final int MAX_OPEN_FILES = 256;
  private static final int BLOCK_BYTES = 8 << 10;
  private static final int INDEX_BLOCK_BYTES = 4 << 10;
  private static final int BLOOM_BITS = 10;
  private static final double INDEX_SHARE = 0.3;

  /** Names in the order of the families' numbers in {@link MetadataBatch}. */
  static final List<String> FAMILIES = List.of("default", "chunk", "segment", "space");

  private final Deque<AutoCloseable> inOrder = new ArrayDeque<>();
  private final List<ColumnFamilyHandle> families = new ArrayList<>();
  private final long memoryBytes;
  private final long roomBytes;
  private final Cache cache;
  private final RocksDB db;

  RocksResources(final MetadataOptions options) throws RocksDBException {
    RocksLibrary.load();
    memoryBytes = options.memoryBytes();
    roomBytes = options.place().roomBytes();
    boolean opened = false;
    try {
      cache = add(new LRUCache(memoryBytes, -1, false, INDEX_SHARE));
      final DBOptions dbOptions = databaseOptions(options);
      final List<ColumnFamilyDescriptor> descriptors = familyDescriptors();
      final String path = options.place().databasePath();
      db =
          add(
              options.mode() == Mode.READ_ONLY
                  ? RocksDB.openReadOnly(dbOptions, path, descriptors, families)
                  : RocksDB.open(dbOptions, path, descriptors, families));
      families.forEach(this::add);
      opened = true;
    } finally {
      if (!opened) {
        close();
      }
    }
  }

  private <T extends AutoCloseable> T add(final T resource) {
    inOrder.push(resource);
    return resource;
  }

  RocksDB db() {
    return db;
  }

  Cache cache() {
    return cache;
  }

  ColumnFamilyHandle family(final int number) {
    return families.get(number);
  }

  List<ColumnFamilyHandle> families() {
    return families;
  }

  private DBOptions databaseOptions(final MetadataOptions options) {
    final Properties notInJava = new Properties();
    notInJava.setProperty("track_and_verify_wals_in_manifest", "true");
    final DBOptions db = add(DBOptions.getDBOptionsFromProps(notInJava));
    if (options.place() instanceof MetadataPlace.Memory) {
      db.setEnv(add(new RocksMemEnv(Env.getDefault())));
    } else if (options.place() instanceof MetadataPlace.OnDevice device) {
      db.setEnv(RocksPlugin.newEnv(device.files())); // not ours to close
    }
    final boolean create = options.mode() == Mode.CREATE;
    return db.setCreateIfMissing(create)
        .setErrorIfExists(create)
        .setCreateMissingColumnFamilies(create)
        .setParanoidChecks(true)
        .setWalRecoveryMode(WALRecoveryMode.PointInTimeRecovery)
        .setRecycleLogFileNum(0)
        .setMaxTotalWalSize(Math.min(Math.min(MAX_LOG_BYTES, memoryBytes), roomBytes / 8))
        .setMaxManifestFileSize(roomOfAtMost(MAX_MANIFEST_BYTES, 32))
        .setManifestPreallocationSize(MIN_ROOM_BYTES)
        .setWriteBufferManager(add(new WriteBufferManager(memoryBytes / 2, cache)))
        .setMaxOpenFiles(MAX_OPEN_FILES)
        .setMaxBackgroundJobs(2)
        .setStatsDumpPeriodSec(0)
        .setStatsPersistPeriodSec(0)
        .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
        .setMaxLogFileSize(roomOfAtMost(1 << 20, 32))
        .setKeepLogFileNum(2);
  }

  private List<ColumnFamilyDescriptor> familyDescriptors() {
    final MergeOperator append = add(new StringAppendOperator(""));
    final Filter bloom = add(new BloomFilter(BLOOM_BITS, false));
    final BlockBasedTableConfig table =
        new BlockBasedTableConfig()
            .setBlockCache(cache)
            .setCacheIndexAndFilterBlocks(true)
            .setCacheIndexAndFilterBlocksWithHighPriority(true)
            .setPinL0FilterAndIndexBlocksInCache(true)
            .setFilterPolicy(bloom)
            .setWholeKeyFiltering(true)
            .setIndexType(IndexType.kTwoLevelIndexSearch)
            .setPartitionFilters(true)
            .setMetadataBlockSize(INDEX_BLOCK_BYTES)
            .setPinTopLevelIndexAndFilter(true)
            .setBlockSize(BLOCK_BYTES)
            .setFormatVersion(5);
    final List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
    for (final String name : FAMILIES) {
      final boolean compress = name.equals("chunk") && writeBufferBytes() >= COMPRESS_FROM_BYTES;
      final ColumnFamilyOptions family =
          add(new ColumnFamilyOptions())
              .setTableFormatConfig(table)
              .setWriteBufferSize(writeBufferBytes())
              .setMaxWriteBufferNumber(3)
              .setLevelCompactionDynamicLevelBytes(true)
              .setLevel0SlowdownWritesTrigger(tablesInLevel0() * 3 / 4)
              .setLevel0StopWritesTrigger(tablesInLevel0())
              .setTargetFileSizeBase(roomOfAtMost(MAX_TABLE_BYTES, 16))
              .setMaxBytesForLevelBase(roomOfAtMost(4 * MAX_TABLE_BYTES, 8))
              .setMaxCompactionBytes(roomOfAtMost(25 * MAX_TABLE_BYTES, 8))
              .setCompressionType(
                  compress ? CompressionType.LZ4_COMPRESSION : CompressionType.NO_COMPRESSION)
              .setMergeOperator(append);
      descriptors.add(new ColumnFamilyDescriptor(name.getBytes(US_ASCII), family));
    }
    return descriptors;
  }

  private long writeBufferBytes() {
    final long ofMemory =
        Math.max(MIN_WRITE_BUFFER_BYTES, Math.min(MAX_WRITE_BUFFER_BYTES, memoryBytes / 8));
    return roomOfAtMost(ofMemory, 32);
  }

  /** So many new tables wait for their compaction at most; then writes wait for it. */
  private int tablesInLevel0() {
    return (int) Math.min(MAX_TABLES_IN_LEVEL_0, roomBytes / 4 / writeBufferBytes());
  }

  /** What one thing may take of the room that there is on a full device. */
  private long roomOfAtMost(final long bytes, final int part) {
    return Math.max(MIN_ROOM_BYTES, Math.min(bytes, roomBytes / part));
  }

  /** Closes everything; every iterator has been closed and no call is running. */
  @Override
  public void close() {
    while (!inOrder.isEmpty()) {
      try {
        inOrder.pop().close();
      } catch (final Exception e) {
        throw new IllegalStateException("closing RocksDB failed", e);
      }
    }
  }
}
