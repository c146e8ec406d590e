package dev.ashlar.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkKey;
import dev.ashlar.testing.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SegmentTableTest {
  private final Chunk chunk = new Chunk(ChunkKey.of("k"), null);

  private CachedSegment segment(final long number) {
    return new CachedSegment(chunk, number);
  }

  @Test
  void holdsWhatASortedMapHolds() {
    final SplittableRandom random = Seed.random("SegmentTableTest");
    final SegmentTable table = new SegmentTable();
    final TreeMap<Long, CachedSegment> model = new TreeMap<>();
    for (int i = 0; i < 20_000; i++) {
      final long number = random.nextLong(1L << random.nextInt(33));
      if (random.nextInt(3) == 0) {
        table.remove(number);
        model.remove(number);
      } else if (!model.containsKey(number)) {
        final CachedSegment segment = segment(number);
        table.put(number, segment);
        model.put(number, segment);
      }
      assertThat(table.size()).isEqualTo(model.size());
      final long any = random.nextLong(1L << random.nextInt(34));
      assertThat(table.get(any)).isSameAs(model.get(any));
      if (i % 100 == 0) {
        final List<CachedSegment> visited = new ArrayList<>();
        table.forEachFrom(any, visited::add);
        assertThat(visited).containsExactlyElementsOf(model.tailMap(any).values());
        if (random.nextInt(5) == 0) {
          for (final Map.Entry<Long, CachedSegment> entry : model.entrySet()) {
            table.remove(entry.getKey());
          }
          model.clear();
        }
      }
    }
  }

  @Test
  void theLastSegmentOfTheLargestChunkHasAPlace() {
    final SegmentTable table = new SegmentTable();
    final CachedSegment first = segment(0);
    final CachedSegment last = segment((1L << 32) - 1);
    table.put(0, first);
    table.put((1L << 32) - 1, last);
    assertThat(table.get(0)).isSameAs(first);
    assertThat(table.get((1L << 32) - 1)).isSameAs(last);
    assertThat(table.get(1)).isNull();
    assertThat(table.get(1L << 40)).isNull();
  }
}
