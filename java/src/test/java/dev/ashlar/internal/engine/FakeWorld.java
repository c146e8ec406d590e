package dev.ashlar.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import dev.ashlar.internal.FakeDataPath;
import dev.ashlar.internal.FakeDisk;
import dev.ashlar.internal.FakeStoreDevice;
import dev.ashlar.internal.metadata.MetadataBatch;
import dev.ashlar.internal.metadata.MetadataOptions;
import dev.ashlar.internal.metadata.MetadataPlace;
import dev.ashlar.internal.metadata.RecordingMetadataStore;
import dev.ashlar.internal.metadata.RocksMetadataStore;
import dev.ashlar.internal.metadata.StoreRecord;
import dev.ashlar.testing.StoreUnderTest;
import java.util.function.UnaryOperator;

/**
 * A store over simulated hardware: a {@link FakeDisk} behind a {@link FakeDataPath}, and metadata
 * in memory whose batches are recorded.
 */
final class FakeWorld implements StoreUnderTest {
  private static final long SIZE = 64L << 20;

  final FakeDataPath path;
  FakeDisk disk;
  RecordingMetadataStore metadata;
  FakeStoreDevice device;
  ChunkStore store;
  private final UnaryOperator<ChunkStoreOptions.Builder> options;
  private final boolean inline;
  private final MemoryPlan memory;

  private FakeWorld(final Builder builder) {
    path = new FakeDataPath(builder.slots, builder.maxDelayMicros, builder.seed);
    disk = new FakeDisk(builder.blobs, builder.pagesPerBlob, new byte[16], builder.seed);
    options = builder.options;
    inline = builder.inline;
    memory = new MemoryPlan(0, builder.mapsBytes, 8 << 20, 0);
    metadata = newMetadata();
    final MetadataBatch batch = new MetadataBatch();
    batch.putStore(new StoreRecord(new byte[16], 0, 1 << 20));
    metadata.apply(batch, true);
    open();
  }

  static Builder builder(final long seed) {
    return new Builder(seed);
  }

  static final class Builder {
    private final long seed;
    private int slots = 64;
    private int maxDelayMicros = 60;
    private int blobs = 4;
    private int pagesPerBlob = 1024;
    private boolean inline;
    private long mapsBytes = 28 << 20;
    private UnaryOperator<ChunkStoreOptions.Builder> options = builder -> builder;

    private Builder(final long seed) {
      this.seed = seed;
    }

    Builder slots(final int count) {
      slots = count;
      return this;
    }

    Builder maxDelayMicros(final int micros) {
      maxDelayMicros = micros;
      return this;
    }

    Builder pages(final int inBlobs, final int each) {
      blobs = inBlobs;
      pagesPerBlob = each;
      return this;
    }

    Builder inline(final boolean on) {
      inline = on;
      return this;
    }

    Builder mapsBytes(final long bytes) {
      mapsBytes = bytes;
      return this;
    }

    Builder options(final UnaryOperator<ChunkStoreOptions.Builder> change) {
      options = change;
      return this;
    }

    FakeWorld open() {
      return new FakeWorld(this);
    }
  }

  static RecordingMetadataStore newMetadata() {
    return new RecordingMetadataStore(
        RocksMetadataStore.open(
            new MetadataOptions(
                new MetadataPlace.Memory(),
                MetadataOptions.Mode.CREATE,
                MetadataOptions.MIN_MEMORY_BYTES)));
  }

  @Override
  public ChunkStore store() {
    return store;
  }

  void open() {
    device = new FakeStoreDevice(path, disk, inline);
    store =
        StoreOpener.start(
            device,
            metadata,
            options.apply(ChunkStoreOptions.builder().device(Device.memory(SIZE))).build(),
            memory);
  }

  @Override
  public void reopen() {
    metadata.keepOpen(true);
    store.close();
    metadata.keepOpen(false);
    open();
  }

  /** Leaves everything as a power cut now would leave it, and opens that. */
  void crash(final long seed) {
    final FakeDisk image;
    final RecordingMetadataStore survivors;
    synchronized (metadata) {
      synchronized (disk) {
        image = disk.crash(seed);
        survivors = metadata.crash(seed, newMetadata());
      }
    }
    metadata.refuse();
    path.release();
    try {
      store.close();
    } catch (final RuntimeException e) {
      // what was under way when the power went
    }
    disk = image;
    metadata = survivors;
    open();
  }

  @Override
  public void close() {
    try {
      path.release();
      store.close();
    } finally {
      path.stop();
    }
    assertThat(disk.violations()).isEmpty();
  }
}
