package dev.ashlar.internal.metadata;

import dev.ashlar.ChunkKey;
import dev.ashlar.OutOfSpaceException;
import dev.ashlar.StorageIoException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Metadata that remembers every batch, so that a test can have it as a crash would leave it: all
 * synced batches, and of those after the last synced one any prefix.
 *
 * <p>Locks itself and nothing else while it records; the batch is stored outside the lock.
 */
public final class RecordingMetadataStore implements MetadataStore {

  /** A batch, with the position of the device's log when it began and when it was durable. */
  private static final class Entry {
    final MetadataBatch batch = new MetadataBatch();
    final long began;
    long durable = Long.MAX_VALUE;

    Entry(final long began) {
      this.began = began;
    }
  }

  private final MetadataStore behind;
  private final List<Entry> entries = new ArrayList<>();
  private LongSupplier position = () -> 0;
  private int synced;
  private boolean keepOpen;
  private boolean refusing;
  private @Nullable RuntimeException failure;
  private @Nullable NoSpace noSpace;
  private volatile Runnable beforeApply = () -> {};

  /** Records what goes to another one. */
  public RecordingMetadataStore(final MetadataStore behind) {
    this.behind = behind;
  }

  /** Where the log of the device is; asked before and after every batch. */
  public void positions(final LongSupplier ofDevice) {
    position = ofDevice;
  }

  /**
   * Writes into another store what a power cut at a position of the device's log leaves: the
   * batches that were durable, and perhaps one that had begun.
   */
  public synchronized RecordingMetadataStore cut(
      final long at, final boolean withBegun, final RecordingMetadataStore into) {
    for (final Entry entry : entries) {
      if (entry.durable <= at) {
        into.apply(entry.batch, true);
      } else {
        if (withBegun && entry.began <= at) {
          into.apply(entry.batch, true);
        }
        break;
      }
    }
    return into;
  }

  /** Whether close is ignored, so that the content can be opened again. */
  public void keepOpen(final boolean on) {
    keepOpen = on;
  }

  /** From now on every batch fails, as if the power were gone. */
  public synchronized void refuse() {
    refusing = true;
  }

  /** The next batch fails with this error. */
  public synchronized void failNext(final RuntimeException error) {
    failure = error;
  }

  /** A want of space: what is to become of the batch that finds none, and that batch. */
  private static final class NoSpace {
    final boolean isThere;
    @Nullable MetadataBatch batch;
    int failingRecoveries;

    NoSpace(final boolean isThere, final int failingRecoveries) {
      this.isThere = isThere;
      this.failingRecoveries = failingRecoveries;
    }
  }

  /**
   * The next batch finds no space; without effect while an earlier one still finds none.
   *
   * @param isThere whether it turns out to be there nevertheless
   * @param failingRecoveries how many attempts to go on find no space either
   */
  public synchronized void findNoSpace(final boolean isThere, final int failingRecoveries) {
    if (noSpace == null) {
      noSpace = new NoSpace(isThere, failingRecoveries);
    }
  }

  /** From now on there is space, also for the next attempt to go on. */
  public synchronized void findSpaceAgain() {
    if (noSpace != null && noSpace.batch == null) {
      noSpace = null;
    } else if (noSpace != null) {
      noSpace.failingRecoveries = 0;
    }
  }

  /** Called before a batch is recorded, in the thread of the committer. */
  public void beforeApply(final Runnable action) {
    beforeApply = action;
  }

  /** Number of batches that are durable. */
  public synchronized int synced() {
    return synced;
  }

  /** Bytes of all batches so far. */
  public synchronized long bytes() {
    return entries.stream().mapToLong(entry -> entry.batch.sizeBytes()).sum();
  }

  /** Writes what survives a crash now into another store. */
  public synchronized RecordingMetadataStore crash(
      final long seed, final RecordingMetadataStore into) {
    final int some = new SplittableRandom(seed).nextInt(entries.size() - synced + 1);
    for (final Entry entry : entries.subList(0, synced + some)) {
      into.apply(entry.batch, true);
    }
    return into;
  }

  @Override
  public void apply(final MetadataBatch batch, final boolean sync) {
    beforeApply.run();
    final Entry entry = new Entry(position.getAsLong());
    synchronized (this) {
      if (failure != null) {
        final RuntimeException error = failure;
        failure = null;
        throw error;
      }
      if (refusing) {
        throw new StorageIoException("the power is gone", 5, null);
      }
      if (noSpace != null) {
        if (noSpace.batch == null) {
          noSpace.batch = new MetadataBatch();
          noSpace.batch.addAll(batch);
        }
        throw new OutOfSpaceException("no space for metadata");
      }
      entry.batch.addAll(batch);
      entries.add(entry);
    }
    applyBehind(batch, sync);
  }

  private void applyBehind(final MetadataBatch batch, final boolean sync) {
    behind.apply(batch, sync);
    if (sync) {
      noteSynced();
    }
  }

  @Override
  public Recovery recover() {
    final NoSpace ended;
    synchronized (this) {
      if (failure != null) {
        final RuntimeException error = failure;
        failure = null;
        throw error;
      }
      ended = noSpace;
      if (ended == null || ended.batch == null) {
        throw new IllegalStateException("there is space");
      }
      if (ended.failingRecoveries-- > 0) {
        return Recovery.NOT_YET;
      }
      noSpace = null;
      if (!ended.isThere) {
        return Recovery.ABSENT;
      }
      final Entry entry = new Entry(position.getAsLong());
      entry.batch.addAll(ended.batch);
      entries.add(entry);
    }
    applyBehind(ended.batch, true); // it is there, though space may be short again by now
    return Recovery.PRESENT;
  }

  @Override
  public boolean isSpaceLow() {
    return behind.isSpaceLow();
  }

  @Override
  public void sync() {
    behind.sync();
    noteSynced();
  }

  @Override
  public void settle() {
    behind.settle();
  }

  private void noteSynced() {
    final long now = position.getAsLong();
    synchronized (this) {
      for (int i = synced; i < entries.size(); i++) {
        entries.get(i).durable = now;
      }
      synced = entries.size();
    }
  }

  @Override
  public @Nullable ChunkRecord getChunk(final ChunkKey key) {
    return behind.getChunk(key);
  }

  @Override
  public boolean readSegment(final ChunkKey key, final long segment, final SegmentMap into) {
    return behind.readSegment(key, segment, into);
  }

  @Override
  public ChunkCursor chunks(final String prefix, final @Nullable ChunkKey after) {
    return behind.chunks(prefix, after);
  }

  @Override
  public SegmentCursor segments(final ChunkKey key, final long from) {
    return behind.segments(key, from);
  }

  @Override
  public SegmentCursor allSegments() {
    return behind.allSegments();
  }

  @Override
  public @Nullable StoreRecord getStore() {
    return behind.getStore();
  }

  @Override
  public OptionalLong getClean() {
    return behind.getClean();
  }

  @Override
  public List<SpaceRecord> getSpaces() {
    return behind.getSpaces();
  }

  @Override
  public MetadataStats stats() {
    return behind.stats();
  }

  @Override
  public void close() {
    synchronized (this) {
      noSpace = null; // whoever opens it again finds space
    }
    if (!keepOpen) {
      behind.close();
    }
  }
}
