package dev.ashlar.internal.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.ChunkKey;
import dev.ashlar.CorruptMetadataException;
import dev.ashlar.internal.metadata.MetadataOptions.Mode;
import dev.ashlar.testing.Seed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Segments are overwritten by appending to their values; RocksDB does the appending. */
class SegmentMergeTest {

  private static final int PAGES = SegmentMap.PAGES;

  @TempDir private Path folder;

  private record Place(ChunkKey key, long segment) implements Comparable<Place> {
    @Override
    public int compareTo(final Place other) {
      final int byKey = key.compareTo(other.key);
      return byKey != 0 ? byKey : Long.compare(segment, other.segment);
    }
  }

  private static final class Model {
    final Map<Place, long[]> locations = new TreeMap<>();
    final Map<Place, int[]> crcs = new TreeMap<>();

    void set(final Place place, final int first, final long[] at, final int[] crc) {
      final long[] pages =
          locations.computeIfAbsent(
              place,
              p -> {
                final long[] holes = new long[PAGES];
                Arrays.fill(holes, SegmentMap.HOLE);
                return holes;
              });
      System.arraycopy(at, 0, pages, first, at.length);
      System.arraycopy(crc, 0, crcs.computeIfAbsent(place, p -> new int[PAGES]), first, crc.length);
    }

    void delete(final Place place) {
      locations.remove(place);
      crcs.remove(place);
    }
  }

  private RocksMetadataStore open(final boolean create) {
    return RocksMetadataStore.open(
        new MetadataOptions(folder.resolve("m"), create ? Mode.CREATE : Mode.OPEN, 8 << 20));
  }

  @Test
  void mapsAreThoseOfTheModelThroughMergesFlushesCompactionsAndReopens() {
    final SplittableRandom random = Seed.random("mapsAreThoseOfTheModel");
    final List<ChunkKey> keys =
        List.of(ChunkKey.of("a"), ChunkKey.of("a", 256), ChunkKey.of("ab"), ChunkKey.of("b", 1));
    final Model model = new Model();
    RocksMetadataStore store = open(true);
    try {
      final var batch = new MetadataBatch();
      for (int round = 0; round < 300; round++) {
        batch.clear();
        for (int i = random.nextInt(20); i >= 0; i--) {
          change(random, keys, model, batch);
        }
        store.apply(batch, random.nextInt(8) == 0);
        switch (random.nextInt(12)) {
          case 0 -> store.flush();
          case 1 -> store.compact();
          case 2 -> {
            store.close();
            store = open(false);
          }
          default -> {}
        }
        if (random.nextInt(10) == 0) {
          compare(store, model);
        }
      }
      compare(store, model);
    } finally {
      store.close();
    }
  }

  private static void change(
      final SplittableRandom random,
      final List<ChunkKey> keys,
      final Model model,
      final MetadataBatch batch) {
    final ChunkKey key = keys.get(random.nextInt(keys.size()));
    final long segment =
        random.nextInt(3) == 0 ? (1L << 32) - 1 - random.nextInt(3) : random.nextInt(4);
    final Place place = new Place(key, segment);
    final int count = 1 + random.nextInt(random.nextBoolean() ? 4 : PAGES);
    final int first = random.nextInt(PAGES - count + 1);
    final long[] locations = new long[count];
    final int[] crcs = new int[count];
    final long base = random.nextLong(1L << 40);
    final boolean holes = random.nextInt(5) == 0;
    for (int i = 0; i < count; i++) {
      locations[i] = holes ? SegmentMap.HOLE : base + i;
      crcs[i] = random.nextInt(3) == 0 ? 0 : random.nextInt();
    }
    switch (random.nextInt(10)) {
      case 0 -> {
        model.delete(place);
        model.set(place, 0, locations, crcs);
        batch.putSegment(key, segment, locations, crcs, count);
      }
      case 1 -> {
        model.delete(place);
        batch.deleteSegment(key, segment);
      }
      case 2 -> {
        final long from = random.nextInt(3);
        final long to =
            random.nextBoolean() ? MetadataStore.MAX_SEGMENTS : from + random.nextInt(600);
        model.locations.keySet().removeIf(p -> within(p, key, from, to));
        model.crcs.keySet().removeIf(p -> within(p, key, from, to));
        batch.deleteSegments(key, from, to);
      }
      default -> {
        model.set(place, first, locations, crcs);
        batch.mergeSegment(key, segment, first, count, locations, crcs, 0);
      }
    }
  }

  private static boolean within(
      final Place place, final ChunkKey key, final long from, final long to) {
    return place.key.equals(key) && place.segment >= from && place.segment < to;
  }

  private static void compare(final RocksMetadataStore store, final Model model) {
    final SegmentMap map = new SegmentMap();
    model.locations.forEach(
        (place, locations) -> {
          assertThat(store.readSegment(place.key, place.segment, map)).isTrue();
          check(map, locations, model.crcs.get(place));
        });
    final List<Place> found = new ArrayList<>();
    try (SegmentCursor cursor = store.allSegments()) {
      while (cursor.next()) {
        final Place place = new Place(cursor.key(), cursor.segment());
        found.add(place);
        cursor.read(map);
        check(map, model.locations.get(place), model.crcs.get(place));
      }
    }
    assertThat(found).containsExactlyElementsOf(model.locations.keySet());
    final List<Place> ofOne = new ArrayList<>();
    final ChunkKey key = ChunkKey.of("a");
    try (SegmentCursor cursor = store.segments(key, 1)) {
      while (cursor.next()) {
        ofOne.add(new Place(cursor.key(), cursor.segment()));
      }
    }
    assertThat(ofOne)
        .containsExactlyElementsOf(
            found.stream().filter(p -> p.key.equals(key) && p.segment >= 1).toList());
  }

  private static void check(final SegmentMap map, final long[] locations, final int[] crcs) {
    assertThat(map.locations).isEqualTo(locations);
    for (int page = 0; page < PAGES; page++) {
      if (locations[page] != SegmentMap.HOLE) {
        assertThat(map.crcs[page]).isEqualTo(crcs[page]);
      }
    }
  }

  @Test
  void valueGrownBeyondTheBufferIsReadWhole() {
    try (var store = open(true)) {
      final ChunkKey key = ChunkKey.of("hot");
      final var batch = new MetadataBatch();
      for (int i = 0; i < 5000; i++) {
        batch.clear();
        batch.mergeSegment(key, 0, i % 7, 1, new long[] {i}, new int[] {~i}, 0);
        store.apply(batch, false);
      }
      final SegmentMap map = new SegmentMap();
      assertThat(store.readSegment(key, 0, map)).isTrue();
      assertThat(map.storedBytes()).isEqualTo(5000 * 19);
      assertThat(map.locations[4999 % 7]).isEqualTo(4999);
      assertThat(map.crcs[4999 % 7]).isEqualTo(~4999);
      assertThat(map.pages()).isEqualTo(7);
    }
  }

  @Test
  void damagedMapIsReportedWithItsChunk() {
    try (var store = open(true)) {
      final var key = ChunkKey.of("victim", 9);
      store.putRaw(
          MetadataBatch.FAMILY_SEGMENT, MetadataCodec.segmentKey(key, 2), new byte[] {0x11, 0, 0});
      store.putRaw(MetadataBatch.FAMILY_CHUNK, MetadataCodec.chunkKey(key), new byte[39]);
      assertThatThrownBy(() -> store.readSegment(key, 2, new SegmentMap()))
          .isInstanceOf(CorruptMetadataException.class)
          .hasMessageContaining("victim#9")
          .hasMessageContaining("segment 2");
      assertThatThrownBy(() -> store.getChunk(key))
          .isInstanceOf(CorruptMetadataException.class)
          .hasMessageContaining("victim#9");
    }
  }
}
