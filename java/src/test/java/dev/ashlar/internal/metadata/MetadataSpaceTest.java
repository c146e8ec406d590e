package dev.ashlar.internal.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.BlobFsOptions;
import dev.ashlar.ChunkKey;
import dev.ashlar.OutOfSpaceException;
import dev.ashlar.TestDevices;
import dev.ashlar.internal.NativeBlobFs;
import dev.ashlar.internal.TestNative;
import dev.ashlar.internal.metadata.MetadataOptions.Mode;
import dev.ashlar.internal.metadata.MetadataStore.Recovery;
import dev.ashlar.testing.Seed;
import dev.ashlar.testing.SmallFolder;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Metadata on a disk that is full for a while. */
@Timeout(120)
class MetadataSpaceTest {
  @TempDir private Path folder;

  private static RocksMetadataStore open(final SmallFolder small, final Mode mode) {
    return open(new MetadataPlace.Folder(small.path().resolve("m")), mode);
  }

  private static RocksMetadataStore open(final MetadataPlace place, final Mode mode) {
    return RocksMetadataStore.open(new MetadataOptions(place, mode, 16L << 20));
  }

  private static ChunkKey key(final int number) {
    return ChunkKey.of(String.format("chunk-%08d", number), number);
  }

  /** Two changes that belong together. */
  private static void put(final RocksMetadataStore store, final int number) {
    final var batch = new MetadataBatch();
    batch.putChunk(key(number), 1 << 20, number, 1, 2);
    final long[] locations = new long[SegmentMap.PAGES];
    final int[] crcs = new int[SegmentMap.PAGES];
    for (int page = 0; page < locations.length; page++) {
      locations[page] = 2L * page + number;
      crcs[page] = number * page;
    }
    batch.putSegment(key(number), 0, locations, crcs, locations.length);
    store.apply(batch, true);
  }

  /** Puts chunks until there is no space; the first number that was refused. */
  private static int fill(final RocksMetadataStore store, final int from) {
    for (int number = from; number < 1_000_000; number++) {
      try {
        put(store, number);
      } catch (final OutOfSpaceException e) {
        return number;
      }
    }
    throw new AssertionError("there is space without end");
  }

  private static boolean has(final RocksMetadataStore store, final int number) {
    final var map = new SegmentMap();
    final boolean chunk = store.getChunk(key(number)) != null;
    assertThat(store.readSegment(key(number), 0, map)).as("%s", number).isEqualTo(chunk);
    assertThat(!chunk || map.locations[3] == 6 + number).as("%s", number).isTrue();
    return chunk;
  }

  private static void assertHolds(final RocksMetadataStore store, final int count) {
    try (ChunkCursor chunks = store.chunks("", null)) {
      for (int number = 0; number < count; number++) {
        assertThat(chunks.next()).isTrue();
        assertThat(chunks.key()).isEqualTo(key(number));
        assertThat(has(store, number)).isTrue();
      }
      assertThat(chunks.next()).isFalse();
    }
  }

  @Test
  void itGoesOnOnceThereIsSpaceAndTheBatchThatFailedIsDecided() throws Exception {
    try (SmallFolder small = new SmallFolder(folder, 24)) {
      int count = 0;
      try (RocksMetadataStore store = open(small, Mode.CREATE)) {
        for (int round = 0; round < 2; round++) {
          put(store, count++);
          small.fill(1 << 20);
          count = fill(store, count);
          final int refused = count;
          assertThatThrownBy(() -> put(store, refused))
              .isInstanceOf(OutOfSpaceException.class)
              .hasMessageContaining("refused until there is space");
          assertThatThrownBy(store::sync).isInstanceOf(OutOfSpaceException.class);
          small.fill(0);
          assertThat(store.recover()).isEqualTo(Recovery.NOT_YET);
          assertThatThrownBy(() -> put(store, refused)).isInstanceOf(OutOfSpaceException.class);
          assertThat(has(store, count - 1)).as("reads go on").isTrue();

          small.free();
          final Recovery outcome = store.recover();
          assertThat(outcome).isNotEqualTo(Recovery.NOT_YET);
          assertThat(has(store, count)).isEqualTo(outcome == Recovery.PRESENT);
          count += outcome == Recovery.PRESENT ? 1 : 0;
          assertHolds(store, count);
          put(store, count++);
        }
      }
      try (RocksMetadataStore store = open(small, Mode.OPEN)) {
        assertHolds(store, count);
      }
    }
  }

  @Test
  void cursorsGoOnWhereTheyWere() throws Exception {
    try (SmallFolder small = new SmallFolder(folder, 24);
        RocksMetadataStore store = open(small, Mode.CREATE)) {
      put(store, 0);
      small.fill(1 << 20);
      int count = fill(store, 1);
      try (ChunkCursor before = store.chunks("", null);
          ChunkCursor within = store.chunks("", null);
          ChunkCursor behind = store.chunks("", null);
          SegmentCursor segments = store.allSegments()) {
        assertThat(within.next() && within.next()).isTrue();
        while (behind.next()) {}
        assertThat(segments.next()).isTrue();
        small.free();
        count += store.recover() == Recovery.PRESENT ? 1 : 0;
        assertThat(within.key()).as("where it was").isEqualTo(key(1));
        assertThat(within.record().version()).isEqualTo(1);
        assertThat(within.next()).isTrue();
        assertThat(within.key()).isEqualTo(key(2));
        assertThat(behind.next()).isFalse();
        int seen = 1;
        while (segments.next()) {
          assertThat(segments.key()).isEqualTo(key(seen++));
        }
        assertThat(seen).isEqualTo(count);
        assertThat(before.next()).isTrue();
        assertThat(before.key()).isEqualTo(key(0));
      }
    }
  }

  @Test
  void othersReadWhileItIsOpenedAgain() throws Exception {
    try (SmallFolder small = new SmallFolder(folder, 24);
        RocksMetadataStore store = open(small, Mode.CREATE)) {
      int count = 1;
      put(store, 0);
      final AtomicBoolean stop = new AtomicBoolean();
      final CompletableFuture<Void> readers =
          CompletableFuture.allOf(
              CompletableFuture.runAsync(
                  () -> {
                    while (!stop.get()) {
                      assertThat(has(store, 0)).isTrue();
                    }
                  }),
              CompletableFuture.runAsync(
                  () -> {
                    while (!stop.get()) {
                      try (ChunkCursor chunks = store.chunks("", null)) {
                        for (int number = 0; chunks.next(); number++) {
                          assertThat(chunks.key()).isEqualTo(key(number));
                        }
                      }
                      store.stats();
                    }
                  }));
      for (int round = 0; round < 2; round++) {
        small.fill(1 << 20);
        count = fill(store, count);
        small.free();
        count += store.recover() == Recovery.PRESENT ? 1 : 0;
      }
      stop.set(true);
      readers.join();
      assertHolds(store, count);
    }
  }

  // --- on a device -------------------------------------------------------------------------------

  private static final long DEVICE_BYTES = 16L << 20;
  private static final String FILLER = "/filler";
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final SplittableRandom random = Seed.random("MetadataSpaceTest");

  private static MetadataPlace.OnDevice place(final String label, final boolean format) {
    final BlobFsOptions options =
        BlobFsOptions.builder()
            .device(TestDevices.crash(label, DEVICE_BYTES, 4096))
            .clusterBytes(64 << 10)
            .build();
    final NativeBlobFs files = NativeBlobFs.open(options, false, format);
    return new MetadataPlace.OnDevice(files, label, 1 << 20, true);
  }

  private static void fillDevice(final MetadataPlace.OnDevice place, final long exceptBytes) {
    final ByteBuffer bytes = ByteBuffer.allocateDirect(64 << 10);
    final long file = place.files().openFile(FILLER, NativeBlobFs.Mode.CREATE_OR_WRITE, false);
    try {
      while (place.freeBytes() > exceptBytes) {
        NativeBlobFs.appendToFile(file, bytes.clear());
      }
    } catch (final OutOfSpaceException e) {
      assertThat(place.freeBytes()).isZero();
    } finally {
      NativeBlobFs.closeFile(file);
    }
  }

  @Test
  void onADeviceEveryPowerCutAroundItLeavesWhatWasAcknowledgedAndNoHalves() {
    final String label = "metadata-space-" + NUMBER.incrementAndGet();
    TestNative.create(label, DEVICE_BYTES, 4096, random.nextLong());
    final List<Long> durableAt = new ArrayList<>();
    final List<Long> cuts = new ArrayList<>();
    final MetadataPlace.OnDevice place = place(label, true);
    try (RocksMetadataStore store = open(place, Mode.CREATE)) {
      for (int round = 0; round < 2; round++) {
        putOnDevice(store, label, durableAt);
        fillDevice(place, 512 << 10);
        assertThatThrownBy(
                () -> {
                  while (durableAt.size() < 100_000) {
                    putOnDevice(store, label, durableAt);
                  }
                })
            .isInstanceOf(OutOfSpaceException.class);
        fillDevice(place, 0);
        final long before = TestNative.logPosition(label);
        assertThat(store.recover()).isEqualTo(Recovery.NOT_YET);
        assertThat(has(store, 0)).as("reads go on").isTrue();
        place.files().delete(FILLER);
        if (store.recover() == Recovery.PRESENT) {
          durableAt.add(TestNative.logPosition(label));
        }
        assertHolds(store, durableAt.size());
        putOnDevice(store, label, durableAt);
        final long after = TestNative.logPosition(label);
        for (int i = 0; i < 15; i++) {
          cuts.add(before + random.nextLong(after - before + 1));
        }
      }
    }
    for (final long at : cuts) {
      final String image = label + "-cut-at-" + at + "-" + NUMBER.incrementAndGet();
      TestNative.image(label, at, random.nextLong(), image);
      final int least = (int) durableAt.stream().filter(position -> position <= at).count();
      final MetadataPlace.OnDevice cut = place(image, false);
      if (cut.files().exists(FILLER)) {
        cut.files().delete(FILLER); // opening needs space, too
      }
      try (RocksMetadataStore store = open(cut, Mode.OPEN)) {
        assertHolds(store, has(store, least) ? least + 1 : least);
      } finally {
        TestNative.drop(image);
      }
    }
    TestNative.drop(label);
  }

  private static void putOnDevice(
      final RocksMetadataStore store, final String label, final List<Long> durableAt) {
    put(store, durableAt.size());
    durableAt.add(TestNative.logPosition(label));
  }
}
