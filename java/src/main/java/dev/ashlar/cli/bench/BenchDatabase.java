package dev.ashlar.cli.bench;

import dev.ashlar.BlobFs;
import dev.ashlar.BlobFsStats;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/**
 * A RocksDB database in a BlobFS on which workloads run one after the other. RocksDB's options are
 * its defaults. For one thread at a time.
 */
public final class BenchDatabase implements AutoCloseable {

  private static final String FOLDER = "/db";

  private final BlobFs fs;
  private final BenchSettings settings;
  private final Options options;
  private @Nullable RocksDB db;
  private long workersMade;

  /**
   * Prepares it.
   *
   * @param fs open, without a database
   * @param settings of all workloads
   */
  public BenchDatabase(final BlobFs fs, final BenchSettings settings) {
    this.fs = fs;
    this.settings = settings;
    options = new Options().setCreateIfMissing(true).setEnv(fs.rocksEnv());
  }

  /**
   * Runs a workload. One that needs data finds that of the workloads before it; if there was none,
   * all keys are written first, which is not counted.
   *
   * @param workload to run
   * @return what it came to
   * @throws RocksDBException RocksDB's
   * @throws InterruptedException if interrupted
   * @throws IllegalStateException if a value is not what was written
   */
  public WorkloadResult run(final Workload workload) throws RocksDBException, InterruptedException {
    if (workload.onNewDatabase()) {
      replace();
    } else if (db == null) {
      replace();
      work(Workload.FILLSEQ);
    }
    return work(workload);
  }

  private void replace() throws RocksDBException {
    if (db != null) {
      db.close();
      db = null;
      RocksDB.destroyDB(FOLDER, options);
    }
    db = RocksDB.open(options, FOLDER);
  }

  private WorkloadResult work(final Workload workload)
      throws RocksDBException, InterruptedException {
    final List<Worker> team = new ArrayList<>();
    try (Worker writer = newWorker()) {
      for (int i = 0; i < settings.threads(); i++) {
        team.add(newWorker());
      }
      return measure(workload, team, writer);
    } finally {
      team.forEach(Worker::close);
    }
  }

  /** No two have the same random numbers: what one deletes is not just what the next one reads. */
  private Worker newWorker() {
    if (db == null) {
      throw new IllegalStateException("no database");
    }
    return new Worker(db, settings, settings.seed() + workersMade++);
  }

  private WorkloadResult measure(
      final Workload workload, final List<Worker> team, final Worker writer)
      throws RocksDBException, InterruptedException {
    final long operations = workload.operations(settings.keys());
    final List<Callable<Void>> tasks = new ArrayList<>();
    for (int i = 0; i < team.size(); i++) {
      final Worker worker = team.get(i);
      final long begin = operations * i / team.size();
      final long end = operations * (i + 1) / team.size();
      tasks.add(
          () -> {
            for (long number = begin; number < end; number++) {
              workload.operation().run(worker, number);
            }
            return null;
          });
    }
    final ExecutorService threads = Executors.newCachedThreadPool();
    final AtomicBoolean done = new AtomicBoolean();
    try {
      final BlobFsStats before = fs.stats();
      final long start = System.nanoTime();
      final Future<?> writing =
          workload == Workload.READWHILEWRITING ? threads.submit(() -> write(writer, done)) : null;
      final List<Future<Void>> working = threads.invokeAll(tasks);
      final double seconds = (System.nanoTime() - start) / 1e9;
      done.set(true);
      if (writing != null) {
        get(writing);
      }
      for (final Future<Void> worker : working) {
        get(worker);
      }
      return result(workload, operations, seconds, team, before, fs.stats());
    } finally {
      done.set(true);
      threads.shutdown();
      threads.awaitTermination(1, TimeUnit.MINUTES);
    }
  }

  private static Void write(final Worker writer, final AtomicBoolean done) throws RocksDBException {
    for (long number = 0; !done.get(); number++) {
      writer.putRandom(number);
    }
    return null;
  }

  private static void get(final Future<?> future) throws RocksDBException, InterruptedException {
    try {
      future.get();
    } catch (final ExecutionException e) {
      if (e.getCause() instanceof RocksDBException ofRocksDb) {
        throw ofRocksDb;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private static WorkloadResult result(
      final Workload workload,
      final long operations,
      final double seconds,
      final List<Worker> team,
      final BlobFsStats before,
      final BlobFsStats after) {
    return new WorkloadResult(
        workload,
        operations,
        seconds,
        team.stream().mapToLong(Worker::reads).sum(),
        team.stream().mapToLong(Worker::found).sum(),
        after.deviceReads() - before.deviceReads(),
        after.deviceWrites() - before.deviceWrites(),
        after.deviceFlushes() - before.deviceFlushes(),
        after.deviceBytesRead() - before.deviceBytesRead(),
        after.deviceBytesWritten() - before.deviceBytesWritten());
  }

  /** Closes the database and leaves it where it is. */
  @Override
  public void close() {
    if (db != null) {
      db.close();
      db = null;
    }
    options.close();
  }
}
