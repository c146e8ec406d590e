package dev.ashlar.bench.peer;

import java.time.Duration;
import org.rocksdb.CompressionType;
import org.rocksdb.FlushOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/**
 * Settings with which RocksDB does best in these rows.
 *
 * <ul>
 *   <li>Memtables of 64 MiB, so that flushes are few and large.
 *   <li>No compression: the data does not compress.
 * </ul>
 *
 * <p>Logs are not recycled, although that makes a sync faster: RocksDB allows it only together with
 * a recovery mode that passes over damage, which no one would choose who wants durable puts.
 */
final class RocksTuning implements AutoCloseable {

  private static final Duration QUIET_LIMIT = Duration.ofSeconds(10);

  private final Options options;

  private RocksTuning(final Options options) {
    this.options = options;
  }

  static RocksTuning plain() {
    RocksDB.loadLibrary();
    return new RocksTuning(
        new Options()
            .setCreateIfMissing(true)
            .setErrorIfExists(true)
            .setCompressionType(CompressionType.NO_COMPRESSION)
            .setWriteBufferSize(64L << 20)
            .setMaxWriteBufferNumber(4)
            .setMaxBackgroundJobs(2)
            .setStatsDumpPeriodSec(0));
  }

  static RocksTuning withBlobFiles() {
    final RocksTuning tuning = plain();
    tuning
        .options
        .setEnableBlobFiles(true)
        .setMinBlobSize(0)
        .setBlobCompressionType(CompressionType.NO_COMPRESSION)
        .setEnableBlobGarbageCollection(true);
    return tuning;
  }

  Options options() {
    return options;
  }

  void flush(final RocksDB db) throws RocksDBException {
    try (FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
      db.flush(flush);
    }
  }

  /** Waits until flushes and compactions have ended. */
  void awaitQuiet(final RocksDB db) throws RocksDBException, InterruptedException {
    final long end = System.nanoTime() + QUIET_LIMIT.toNanos();
    while (busy(db) && System.nanoTime() < end) {
      Thread.sleep(5);
    }
  }

  private static boolean busy(final RocksDB db) throws RocksDBException {
    return db.getLongProperty("rocksdb.num-running-flushes") > 0
        || db.getLongProperty("rocksdb.num-running-compactions") > 0
        || db.getLongProperty("rocksdb.mem-table-flush-pending") > 0
        || db.getLongProperty("rocksdb.compaction-pending") > 0;
  }

  @Override
  public void close() {
    options.close();
  }
}
