package dev.ashlar.bench.peer;

import dev.ashlar.bench.measure.Contender;
import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.measure.RandomPages;
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
 * RocksDB with blob files: synced puts over existing keys from several threads, one value for every
 * block of the data set; puts a second. Keys and values are direct buffers, each thread has its
 * own; RocksDB joins the puts of waiting threads into one sync by itself.
 */
public final class BlobDb implements Contender, AutoCloseable {

  private final RocksTuning tuning = RocksTuning.withBlobFiles();
  private final Options options = tuning.options();
  private final WriteOptions synced = new WriteOptions().setSync(true);
  private final RocksDB db;
  private final int valueBytes;
  private final int values;
  private final int threads;
  private int slices;

  /**
   * Makes a database and puts every value once.
   *
   * @param folder a new folder for it
   * @param valueBytes of each value, a multiple of a page
   * @param values how many
   * @param threads that put
   * @throws RocksDBException if it fails
   */
  public BlobDb(final Path folder, final int valueBytes, final int values, final int threads)
      throws RocksDBException {
    this.valueBytes = valueBytes;
    this.values = values;
    this.threads = threads;
    db = RocksDB.open(options, folder.toString());
    fill();
  }

  private void fill() throws RocksDBException {
    final ByteBuffer key = ByteBuffer.allocateDirect(Long.BYTES);
    final ByteBuffer value = Pages.buffer(valueBytes);
    Pages.fill(value, 0);
    try (WriteOptions unsynced = new WriteOptions()) {
      for (int index = 0; index < values; index++) {
        put(unsynced, key, value, index);
      }
    }
    tuning.flush(db);
  }

  @Override
  public double measure(final Duration slice) throws Exception {
    slices++;
    return ThreadTeam.perSecond(slice, threads, this::puts);
  }

  private Repeat.Operation puts(final int thread) {
    final RandomPages random = new RandomPages(1 + thread + slices * 1000L, values);
    final ByteBuffer key = ByteBuffer.allocateDirect(Long.BYTES);
    final ByteBuffer value = Pages.buffer(valueBytes);
    Pages.fill(value, 0);
    return () -> put(synced, key, value, random.next());
  }

  private void put(
      final WriteOptions write, final ByteBuffer key, final ByteBuffer value, final int index)
      throws RocksDBException {
    Pages.stamp(value, 0, (long) index * (valueBytes / Pages.BYTES));
    key.clear();
    key.putLong(0, index);
    value.clear();
    db.put(write, key, value);
  }

  @Override
  public void settle() throws Exception {
    tuning.awaitQuiet(db);
  }

  /**
   * Reads values back and checks them.
   *
   * @param count how many, at random
   * @throws RocksDBException if one cannot be read
   */
  public void verify(final int count) throws RocksDBException {
    final RandomPages random = new RandomPages(7, values);
    final ByteBuffer value = Pages.buffer(valueBytes);
    final byte[] key = new byte[Long.BYTES];
    for (int i = 0; i < count; i++) {
      final int index = random.next();
      ByteBuffer.wrap(key).putLong(0, index);
      final byte[] found = db.get(key);
      if (found == null || found.length != valueBytes) {
        throw new IllegalStateException("RocksDB has lost value " + index);
      }
      value.put(0, found);
      Pages.check(value, 0, (long) index * (valueBytes / Pages.BYTES));
    }
  }

  @Override
  public void close() {
    db.close();
    synced.close();
    options.close();
    tuning.close();
  }
}
