package dev.ashlar.internal.engine;

import dev.ashlar.ChunkBatch;
import dev.ashlar.ChunkIterator;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStat;
import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Durability;
import dev.ashlar.NoSuchChunkException;
import dev.ashlar.StoreStats;
import dev.ashlar.internal.Arguments;
import dev.ashlar.internal.AshlarThread;
import dev.ashlar.internal.OpenStores;
import dev.ashlar.internal.StoreDevice;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** An open store: checks arguments, then passes them on. */
final class StoreImpl implements ChunkStore {
  private static final long CLOSE_POLL_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

  private final Engine engine;
  private final Reader reader;
  private final Submission submission;
  private final Space space;
  private final ChunkStoreOptions options;
  private final StatsReader stats;
  private final Object closing = new Object();
  private boolean closed;

  StoreImpl(final Engine engine, final Space space, final ChunkStoreOptions options) {
    this.engine = engine;
    this.reader = new Reader(engine);
    this.submission = new Submission(engine);
    this.space = space;
    this.options = options;
    this.stats = new StatsReader(engine, options);
    engine.committer().start();
    OpenStores.add(this, options.device().label());
  }

  @Override
  public void create(final ChunkKey key) {
    Arguments.notNull("key", key);
    submission.change(OpKind.CREATE, key, 0, null, isDurable(options.durability()));
  }

  @Override
  public CompletableFuture<Void> createAsync(final ChunkKey key) {
    Arguments.notNull("key", key);
    return submission.changeAsync(OpKind.CREATE, key, 0, null, isDurable(options.durability()));
  }

  @Override
  public void resize(final ChunkKey key, final long sizeBytes) {
    Checks.resize(key, sizeBytes);
    submission.change(OpKind.RESIZE, key, sizeBytes, null, isDurable(options.durability()));
  }

  @Override
  public CompletableFuture<Void> resizeAsync(final ChunkKey key, final long sizeBytes) {
    Checks.resize(key, sizeBytes);
    return submission.changeAsync(
        OpKind.RESIZE, key, sizeBytes, null, isDurable(options.durability()));
  }

  @Override
  public void remove(final ChunkKey key) {
    Arguments.notNull("key", key);
    submission.change(OpKind.REMOVE, key, 0, null, isDurable(options.durability()));
  }

  @Override
  public CompletableFuture<Void> removeAsync(final ChunkKey key) {
    Arguments.notNull("key", key);
    return submission.changeAsync(OpKind.REMOVE, key, 0, null, isDurable(options.durability()));
  }

  @Override
  public boolean exists(final ChunkKey key) {
    Arguments.notNull("key", key);
    return reader.stat(key) != null;
  }

  @Override
  public ChunkStat stat(final ChunkKey key) {
    Arguments.notNull("key", key);
    final ChunkStat stat = reader.stat(key);
    if (stat == null) {
      throw new NoSuchChunkException(key);
    }
    return stat;
  }

  @Override
  public ChunkIterator list(final String prefix) {
    return listFrom(prefix, null);
  }

  @Override
  public ChunkIterator list(final String prefix, final ChunkKey after) {
    Arguments.notNull("after", after);
    return listFrom(prefix, after);
  }

  private ChunkIterator listFrom(final String prefix, final @Nullable ChunkKey after) {
    Arguments.notNull("prefix", prefix);
    AshlarThread.refuseBlocking("list");
    if (engine.failure().get() == null) {
      submission.sync(); // what is committed and not stored yet must show
    }
    final ListIterator iterator = new ListIterator(engine, reader, prefix, after);
    iterator.readAhead();
    return iterator;
  }

  @Override
  public void write(final ChunkKey key, final long offset, final ByteBuffer source) {
    write(key, offset, source, options.durability());
  }

  @Override
  public void write(
      final ChunkKey key, final long offset, final ByteBuffer source, final Durability durability) {
    Checks.write(key, offset, source);
    Arguments.notNull("durability", durability);
    submission.change(OpKind.WRITE, key, offset, source, isDurable(durability));
    source.position(source.limit());
  }

  @Override
  public CompletableFuture<Void> writeAsync(
      final ChunkKey key, final long offset, final ByteBuffer source) {
    return writeAsync(key, offset, source, options.durability());
  }

  @Override
  public CompletableFuture<Void> writeAsync(
      final ChunkKey key, final long offset, final ByteBuffer source, final Durability durability) {
    Checks.write(key, offset, source);
    Arguments.notNull("durability", durability);
    final ByteBuffer own = source.isDirect() ? source : source.duplicate();
    return submission.changeAsync(OpKind.WRITE, key, offset, own, isDurable(durability));
  }

  @Override
  public int read(final ChunkKey key, final long offset, final ByteBuffer target) {
    Checks.read(key, offset, target);
    return reader.read(key, offset, target);
  }

  @Override
  public CompletableFuture<Integer> readAsync(
      final ChunkKey key, final long offset, final ByteBuffer target) {
    Checks.read(key, offset, target);
    return reader.readAsync(key, offset, target);
  }

  @Override
  public ChunkBatch batch() {
    return new BatchImpl(submission, options.durability());
  }

  @Override
  public void sync() {
    submission.sync();
  }

  @Override
  public CompletableFuture<Void> syncAsync() {
    return submission.syncAsync();
  }

  @Override
  public ByteBuffer allocate(final int bytes) {
    Arguments.inRange("bytes", bytes, 1, Integer.MAX_VALUE);
    final int token = reader.enter();
    try {
      return engine.device().allocate(bytes);
    } finally {
      engine.guard().exit(token);
    }
  }

  @Override
  public StoreStats stats() {
    final int token = reader.enter();
    try {
      return stats.read();
    } finally {
      engine.guard().exit(token);
    }
  }

  private static boolean isDurable(final Durability durability) {
    return durability == Durability.DURABLE;
  }

  // --- close -------------------------------------------------------------------------------------

  @Override
  public void close() {
    AshlarThread.refuseBlocking("close");
    engine.guard().close();
    synchronized (closing) {
      if (!closed) {
        closed = true;
        OpenStores.remove(this);
        finish();
      }
    }
  }

  /** Nobody enters any more: waits for those who are inside, then for what they began. */
  private void finish() {
    while (!engine.guard().isEmpty()) {
      LockSupport.parkNanos(CLOSE_POLL_NANOS);
    }
    engine.stagedBatches().forEach(BatchImpl::close);
    engine.budget().awaitIdle();
    engine.committer().stop();
    boolean clean = false;
    final StoreDevice device = engine.device();
    try {
      if (engine.failure().get() == null) {
        space.save();
        clean = true;
      }
    } finally {
      engine.releaseMemory();
      closeBoth(device, clean);
    }
    engine.committer().throwIfLost();
  }

  private void closeBoth(final StoreDevice device, final boolean clean) {
    boolean durable = false;
    try {
      engine.metadata().close(); // first: its files may be on the device
      durable = true;
    } finally {
      device.close(clean && durable);
    }
  }
}
