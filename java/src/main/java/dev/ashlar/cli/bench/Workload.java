package dev.ashlar.cli.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.rocksdb.RocksDBException;

/** What db_bench calls a benchmark, under the names that it has there. */
public enum Workload {
  /** Writes all keys in their order into a new database. */
  FILLSEQ(true, Worker::putNext),
  /** Writes random keys into a new database. */
  FILLRANDOM(true, Worker::putRandom),
  /** As FILLRANDOM, each write synced; a thousandth of the writes. */
  FILLSYNC(true, Worker::putRandomSynced),
  /** Writes random keys. */
  OVERWRITE(false, Worker::putRandom),
  /** Reads random keys. */
  READRANDOM(false, Worker::getRandom),
  /** Reads all keys in their order. */
  READSEQ(false, Worker::readNext),
  /** Reads or writes random keys. */
  READRANDOMWRITERANDOM(false, Worker::getOrPutRandom),
  /** Reads random keys while one more thread writes. */
  READWHILEWRITING(false, Worker::getRandom),
  /** Deletes random keys. */
  DELETERANDOM(false, Worker::deleteRandom);

  private static final long SYNC_DIVISOR = 1000;

  private final boolean onNewDatabase;
  private final Operation operation;

  /** One operation of a worker. */
  interface Operation {
    void run(Worker worker, long number) throws RocksDBException;
  }

  Workload(final boolean onNewDatabase, final Operation operation) {
    this.onNewDatabase = onNewDatabase;
    this.operation = operation;
  }

  /**
   * The workload of a name.
   *
   * @param label as db_bench has it
   * @return the workload, if there is one
   */
  public static Optional<Workload> of(final String label) {
    return Arrays.stream(values()).filter(w -> w.label().equals(label)).findFirst();
  }

  /**
   * All names.
   *
   * @return with commas between them
   */
  public static String labels() {
    return Arrays.stream(values()).map(Workload::label).collect(Collectors.joining(", "));
  }

  /**
   * Its name.
   *
   * @return as db_bench has it
   */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  boolean onNewDatabase() {
    return onNewDatabase;
  }

  Operation operation() {
    return operation;
  }

  /** Operations for that many keys. */
  long operations(final long keys) {
    return this == FILLSYNC ? Math.max(1, keys / SYNC_DIVISOR) : keys;
  }
}
