package dev.ashlar.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import dev.ashlar.TestDevices;
import dev.ashlar.internal.NativeStoreDevice;
import dev.ashlar.internal.TestNative;
import dev.ashlar.internal.metadata.MetadataBatch;
import dev.ashlar.internal.metadata.RecordingMetadataStore;
import dev.ashlar.internal.metadata.StoreRecord;
import dev.ashlar.testing.Journal;
import dev.ashlar.testing.Seed;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole store on a device that loses at a power cut whatever it may lose. */
class CrashDeviceTest {
  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static final long SIZE = 64L << 20;
  private static final int THREADS = 3;
  private static final int CHANGES = 60;
  private static final int CUTS = 40;

  private static ChunkStoreOptions options(final String label, final int sector) {
    final Device device = TestDevices.crash(label, SIZE, sector);
    return ChunkStoreOptions.builder().device(device).memoryBudget(64L << 20).build();
  }

  private static ChunkStore open(
      final String label,
      final int sector,
      final RecordingMetadataStore metadata,
      final byte[] formatAs) {
    final ChunkStoreOptions options = options(label, sector);
    return StoreOpener.start(
        NativeStoreDevice.open(options, false, formatAs),
        metadata,
        options,
        MemoryPlan.of(options.memoryBudgetBytes()));
  }

  @ParameterizedTest
  @CsvSource({"512, false", "4096, false", "512, true", "4096, true"})
  void acknowledgedChangesSurviveAPowerCutAtAnyMoment(final int sector, final boolean ordered)
      throws InterruptedException {
    final SplittableRandom random = Seed.random("CrashDeviceTest");
    final String label = "engine-" + NUMBER.incrementAndGet();
    TestNative.create(label, SIZE, sector, random.nextLong());
    final byte[] id = new byte[StoreRecord.ID_BYTES];
    random.nextBytes(id);
    final RecordingMetadataStore metadata = FakeWorld.newMetadata();
    metadata.positions(() -> TestNative.logPosition(label));
    final MetadataBatch first = new MetadataBatch();
    first.putStore(new StoreRecord(id, 0, 1 << 20));
    metadata.apply(first, true);

    final List<Journal> journals;
    final long begin;
    final long end;
    try (ChunkStore store = open(label, sector, metadata, id)) {
      begin = TestNative.logPosition(label);
      journals =
          Journal.runThreads(
              THREADS, ordered, store, random, CHANGES, () -> TestNative.logPosition(label));
      end = TestNative.logPosition(label);
    }
    for (int cut = 0; cut < CUTS; cut++) {
      final long at =
          cut == 0 ? TestNative.logPosition(label) : begin + random.nextLong(end - begin);
      checkCut(label, sector, at, random, metadata, journals);
    }
    TestNative.drop(label);
  }

  private static void checkCut(
      final String label,
      final int sector,
      final long at,
      final SplittableRandom random,
      final RecordingMetadataStore metadata,
      final List<Journal> journals) {
    final String image = label + "-image";
    TestNative.image(label, at, random.nextLong(), image);
    final RecordingMetadataStore left =
        metadata.cut(at, random.nextBoolean(), FakeWorld.newMetadata());
    try (ChunkStore store = open(image, sector, left, null)) {
      assertThat(store.stats().problems()).as("cut at %s", at).isEmpty();
      for (final Journal journal : journals) {
        journal.judge(store, at);
      }
    } finally {
      TestNative.drop(image);
    }
  }
}
