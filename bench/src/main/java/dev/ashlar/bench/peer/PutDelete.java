package dev.ashlar.bench.peer;

import dev.ashlar.bench.measure.Contender;
import dev.ashlar.bench.measure.Repeat;
import dev.ashlar.bench.measure.ThreadTeam;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;

/**
 * RocksDB: a synced put of a small value, then a synced delete of it, from several threads; pairs a
 * second. The value is about as large as a record of a chunk.
 */
public final class PutDelete implements Contender, AutoCloseable {

  private static final int VALUE_BYTES = 64;
  private static final int KEY_BYTES = 2 * Long.BYTES;

  private final RocksTuning tuning = RocksTuning.plain();
  private final Options options = tuning.options();
  private final WriteOptions synced = new WriteOptions().setSync(true);
  private final RocksDB db;
  private final int threads;
  private long slices;

  /**
   * Makes a database.
   *
   * @param folder a new folder for it
   * @param threads that put and delete
   * @throws RocksDBException if it fails
   */
  public PutDelete(final Path folder, final int threads) throws RocksDBException {
    this.threads = threads;
    db = RocksDB.open(options, folder.toString());
  }

  @Override
  public double measure(final Duration slice) throws Exception {
    slices++;
    return ThreadTeam.perSecond(slice, threads, this::pairs);
  }

  private Repeat.Operation pairs(final int thread) {
    return new Repeat.Operation() {
      private final ByteBuffer key = ByteBuffer.allocateDirect(KEY_BYTES);
      private final ByteBuffer value = ByteBuffer.allocateDirect(VALUE_BYTES);
      private final byte[] keyBytes = new byte[KEY_BYTES];
      private long number;

      @Override
      public void run() throws RocksDBException {
        key.clear();
        key.putLong(0, slices << 32 | thread);
        key.putLong(Long.BYTES, number++);
        key.get(0, keyBytes);
        value.clear();
        db.put(synced, key, value);
        db.delete(synced, keyBytes);
      }
    };
  }

  @Override
  public void settle() throws Exception {
    tuning.awaitQuiet(db);
  }

  @Override
  public void close() {
    db.close();
    synced.close();
    options.close();
    tuning.close();
  }
}
