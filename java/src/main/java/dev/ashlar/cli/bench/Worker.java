package dev.ashlar.cli.bench;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteOptions;

/**
 * One thread's part of a workload. A key is its number, as db_bench writes it; a value begins with
 * the number of its key, which each read checks, and compresses to about a half.
 */
final class Worker implements AutoCloseable {

  private static final int KEY_BYTES = 16;
  private static final int PIECE_BYTES = 100;
  private static final int POOL_BYTES = 1 << 20;

  private final RocksDB db;
  private final BenchSettings settings;
  private final SplittableRandom random;
  private final WriteOptions unsynced = new WriteOptions();
  private final WriteOptions synced = new WriteOptions().setSync(true);
  private final ReadOptions readOptions = new ReadOptions();
  private final ByteBuffer key = ByteBuffer.allocateDirect(KEY_BYTES);
  private final ByteBuffer value;
  private final ByteBuffer pool;
  private final ByteBuffer answer;
  private @Nullable RocksIterator iterator;
  private long reads;
  private long found;

  Worker(final RocksDB db, final BenchSettings settings, final long seed) {
    this.db = db;
    this.settings = settings;
    random = new SplittableRandom(seed);
    value = ByteBuffer.allocateDirect(settings.valueBytes());
    answer = ByteBuffer.allocateDirect(settings.valueBytes());
    pool = compressiblePool(settings.valueBytes());
  }

  /** Pieces whose second half repeats the first. */
  private ByteBuffer compressiblePool(final int valueBytes) {
    final byte[] bytes = new byte[POOL_BYTES + valueBytes];
    for (int i = 0; i < bytes.length; i++) {
      final boolean fresh = i % PIECE_BYTES < PIECE_BYTES / 2;
      bytes[i] = fresh || i < PIECE_BYTES ? (byte) random.nextInt() : bytes[i - PIECE_BYTES / 2];
    }
    return ByteBuffer.wrap(bytes);
  }

  long reads() {
    return reads;
  }

  long found() {
    return found;
  }

  // --- operations
  // ----------------------------------------------------------------------------------

  void putNext(final long number) throws RocksDBException {
    put(number, unsynced);
  }

  void putRandom(final long number) throws RocksDBException {
    put(randomNumber(), unsynced);
  }

  void putRandomSynced(final long number) throws RocksDBException {
    put(randomNumber(), synced);
  }

  void getRandom(final long number) throws RocksDBException {
    final long wanted = randomNumber();
    reads++;
    final int length = db.get(readOptions, key(wanted), answer.clear());
    if (length != RocksDB.NOT_FOUND) {
      check(wanted, length, answer.getLong(0));
      found++;
    }
  }

  void getOrPutRandom(final long number) throws RocksDBException {
    if (random.nextInt(100) < settings.writePercent()) {
      putRandom(number);
    } else {
      getRandom(number);
    }
  }

  void deleteRandom(final long number) throws RocksDBException {
    db.delete(unsynced, key(randomNumber()));
  }

  /** The first call finds the key of that number, or the next one that is there. */
  void readNext(final long number) throws RocksDBException {
    if (iterator == null) {
      iterator = db.newIterator(readOptions);
      iterator.seek(key(number));
    } else if (iterator.isValid()) {
      iterator.next();
    }
    reads++;
    if (!iterator.isValid()) {
      iterator.status();
      return;
    }
    iterator.key(key.clear());
    final int length = iterator.value(answer.clear());
    check(key.getLong(0), length, answer.getLong(0));
    found++;
  }

  private long randomNumber() {
    return random.nextLong(settings.keys());
  }

  /** Its buffer is used again. */
  private ByteBuffer key(final long number) {
    key.clear().putLong(number);
    while (key.hasRemaining()) {
      key.put((byte) '0');
    }
    return key.flip();
  }

  private void put(final long number, final WriteOptions options) throws RocksDBException {
    final int start = random.nextInt(POOL_BYTES);
    value.clear().put(0, pool, start, value.capacity());
    value.putLong(0, number);
    db.put(options, key(number), value);
  }

  private void check(final long number, final int length, final long writtenNumber) {
    if (length != settings.valueBytes() || writtenNumber != number) {
      throw new IllegalStateException(
          "key %d has the value of key %d, of %d bytes".formatted(number, writtenNumber, length));
    }
  }

  @Override
  public void close() {
    if (iterator != null) {
      iterator.close();
    }
    readOptions.close();
    synced.close();
    unsynced.close();
  }
}
