package dev.ashlar.internal.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.ChunkBatch;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.OutOfSpaceException;
import dev.ashlar.TestDevices;
import dev.ashlar.WrongFormatException;
import dev.ashlar.internal.TestNative;
import dev.ashlar.testing.Journal;
import dev.ashlar.testing.Refusal;
import dev.ashlar.testing.Seed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A store whose metadata lies on its own device, RocksDB and all, on a device that loses at a power
 * cut whatever it may lose.
 */
class OneDeviceCrashTest {
  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static final long SIZE = 64L << 20;
  private static final long SMALL_SIZE = 16L << 20;
  private static final String SMALL = "small-";
  private static final int THREADS = 3;
  private static final int CHANGES = 60;
  private static final int CUTS = 20;

  private final SplittableRandom random = Seed.random("OneDeviceCrashTest");

  private static ChunkStoreOptions options(final String label, final int sector) {
    return ChunkStoreOptions.builder()
        .device(TestDevices.crash(label, label.startsWith(SMALL) ? SMALL_SIZE : SIZE, sector))
        .memoryBudget(ChunkStoreOptions.MIN_MEMORY_BUDGET_BYTES)
        .build();
  }

  private static ChunkStore create(final String label, final int sector) {
    return StoreOpener.create(options(label, sector), false, false);
  }

  private static ChunkStore open(final String label, final int sector) {
    return StoreOpener.openExisting(options(label, sector));
  }

  private String newDevice(final int sector) {
    final String label = "one-device-" + NUMBER.incrementAndGet();
    TestNative.create(label, SIZE, sector, random.nextLong());
    return label;
  }

  /** What a power cut at a position may leave. */
  private String cut(final String label, final long position) {
    final String image = label + "-cut-at-" + position + "-" + NUMBER.incrementAndGet();
    TestNative.image(label, position, random.nextLong(), image);
    return image;
  }

  @ParameterizedTest
  @CsvSource({"512, false", "4096, false", "512, true", "4096, true"})
  void acknowledgedChangesSurviveAPowerCutAtAnyMoment(final int sector, final boolean ordered)
      throws InterruptedException {
    final String label = newDevice(sector);
    final List<Journal> journals;
    final long begin;
    try (ChunkStore store = create(label, sector)) {
      begin = TestNative.logPosition(label);
      journals =
          Journal.runThreads(
              THREADS, ordered, store, random, CHANGES, () -> TestNative.logPosition(label));
    }
    // Up to and with the close, which writes tables and deletes logs.
    final long end = TestNative.logPosition(label);
    for (int i = 0; i < CUTS; i++) {
      final long at = i == 0 ? end : begin + random.nextLong(end - begin);
      final String image = cut(label, at);
      try (ChunkStore store = open(image, sector)) {
        assertThat(store.stats().problems()).as("cut at %s", at).isEmpty();
        for (final Journal journal : journals) {
          journal.judge(store, at);
        }
      } finally {
        TestNative.drop(image);
      }
    }
    TestNative.drop(label);
  }

  /** A batch whose changes take more metadata than the device has room for. */
  private static ChunkBatch tooLarge(final ChunkStore store, final int round) {
    final ChunkBatch batch = store.batch();
    for (int i = 0; i < 30_000; i++) {
      batch.create(ChunkKey.of("large-" + round + "x".repeat(490), i));
    }
    return batch;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void acknowledgedChangesSurviveAPowerCutWhileTheStoreGoesOnAfterWantOfSpace(final boolean ordered)
      throws InterruptedException {
    final int sector = 4096;
    final String label = SMALL + NUMBER.incrementAndGet();
    TestNative.create(label, SMALL_SIZE, sector, random.nextLong());
    final List<Journal> journals;
    final List<Long> around = new ArrayList<>();
    try (ChunkStore store = create(label, sector)) {
      final AtomicBoolean stop = new AtomicBoolean();
      final Thread filler =
          new Thread(
              () -> {
                for (int round = 0; round == 0 || !stop.get(); round++) {
                  final long before = TestNative.logPosition(label);
                  final int number = round;
                  assertThatThrownBy(() -> tooLarge(store, number).commit())
                      .isInstanceOf(OutOfSpaceException.class);
                  Refusal.awaitSpace(store);
                  synchronized (around) {
                    around.add(before);
                    around.add(TestNative.logPosition(label));
                  }
                }
              });
      filler.start();
      journals =
          Journal.runThreads(
              THREADS, ordered, store, random, CHANGES, () -> TestNative.logPosition(label));
      stop.set(true);
      filler.join();
    }
    assertThat(around).as("recoveries").hasSizeGreaterThanOrEqualTo(2);
    for (int i = 0; i < CUTS; i++) {
      final int which = random.nextInt(around.size() / 2);
      final long first = around.get(2 * which);
      final long at = first + random.nextLong(around.get(2 * which + 1) - first + 1);
      final String image = cut(label, at);
      try (ChunkStore store = open(image, sector)) {
        assertThat(store.stats().problems()).as("cut at %s", at).isEmpty();
        assertThat(store.list("large-").hasNext()).as("cut at %s", at).isFalse();
        for (final Journal journal : journals) {
          journal.judge(store, at);
        }
      } finally {
        TestNative.drop(image);
      }
    }
    TestNative.drop(label);
  }

  /** Calls with some positions from one to another, both included. */
  private void atSome(
      final int count, final long first, final long last, final LongConsumer action) {
    action.accept(first);
    action.accept(last);
    for (int i = 0; i < count; i++) {
      action.accept(first + random.nextLong(last - first + 1));
    }
  }

  @Test
  void aStoreIsMadeAsAWholeOrCanBeMadeAgain() {
    final int sector = 4096;
    final String label = newDevice(sector);
    final ChunkStore first = create(label, sector);
    final long made = TestNative.logPosition(label);
    first.close();
    final int[] unmade = {0};
    atSome(
        16,
        0,
        made,
        at -> {
          final String image = cut(label, at);
          try (ChunkStore store = open(image, sector)) {
            assertThat(store.stats().chunks()).isZero();
          } catch (final WrongFormatException e) {
            assertThat(at).as("cut when the store was made").isLessThan(made);
            unmade[0]++;
          }
          try (ChunkStore store = create(image, sector)) {
            store.create(ChunkKey.of("k"));
          }
          try (ChunkStore store = open(image, sector)) {
            assertThat(store.exists(ChunkKey.of("k"))).isTrue();
          }
          TestNative.drop(image);
        });
    assertThat(unmade[0]).isPositive();
    TestNative.drop(label);
  }

  @Test
  void openingAndClosingLosesNothingWhereverThePowerGoes() {
    final int sector = 512;
    final String label = newDevice(sector);
    final ChunkKey key = ChunkKey.of("k");
    final byte[] bytes = "twice and thrice".repeat(1000).getBytes(UTF_8);
    final List<Long> positions = new ArrayList<>();
    for (int life = 0; life < 3; life++) {
      try (ChunkStore store = life == 0 ? create(label, sector) : open(label, sector)) {
        if (life == 0) {
          store.create(key);
          store.write(key, 0, ByteBuffer.wrap(bytes));
        }
        positions.add(TestNative.logPosition(label));
      }
    }
    positions.add(TestNative.logPosition(label));
    for (int i = 0; i + 1 < positions.size(); i++) {
      atSome(
          6,
          positions.get(i),
          positions.get(i + 1),
          at -> {
            final String image = cut(label, at);
            try (ChunkStore store = open(image, sector)) {
              final ByteBuffer held = ByteBuffer.allocate(bytes.length + 1);
              assertThat(store.read(key, 0, held)).isEqualTo(bytes.length);
              assertThat(held.flip()).isEqualTo(ByteBuffer.wrap(bytes));
              assertThat(store.stats().problems()).isEmpty();
            } finally {
              TestNative.drop(image);
            }
          });
    }
    TestNative.drop(label);
  }
}
