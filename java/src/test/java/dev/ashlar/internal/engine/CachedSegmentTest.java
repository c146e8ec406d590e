package dev.ashlar.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkKey;
import dev.ashlar.internal.Pages;
import dev.ashlar.testing.Seed;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CachedSegmentTest {
  private static final int PAGES = Pages.SEGMENT_PAGES;
  private static final long FIRST = 7L << 32 | 1000;

  private final CachedSegment segment = new CachedSegment(new Chunk(ChunkKey.of("k"), null), 0);

  private void write(final int from, final int to, final long location) {
    for (int page = from; page < to; page++) {
      segment.set(page, location + page, page);
    }
  }

  @Test
  void holdsWhatArraysHold() {
    final SplittableRandom random = Seed.random("CachedSegmentTest");
    final long[] locations = new long[PAGES];
    final int[] crcs = new int[PAGES];
    Arrays.fill(locations, Pages.HOLE);
    for (int round = 0; round < 20_000; round++) {
      final int from = random.nextInt(4) == 0 ? 0 : random.nextInt(PAGES);
      final int to = random.nextInt(4) == 0 ? PAGES : from + 1 + random.nextInt(PAGES - from);
      final long location = (long) random.nextInt(3) << 32 | random.nextInt(2);
      final int kind = random.nextInt(20);
      if (kind == 0) {
        segment.clear();
        Arrays.fill(locations, Pages.HOLE);
      } else {
        for (int page = from; page < to; page++) {
          locations[page] = kind < 4 ? Pages.HOLE : location + page;
          crcs[page] = random.nextInt();
          segment.set(page, locations[page], crcs[page]);
        }
      }
      assertHolds(locations, crcs);
    }
  }

  private void assertHolds(final long[] locations, final int[] crcs) {
    final long[] copied = new long[PAGES];
    final int[] copiedCrcs = new int[PAGES];
    segment.copyTo(0, PAGES, copied, copiedCrcs, 0);
    assertThat(copied).isEqualTo(locations);
    for (int page = 0; page < PAGES; page++) {
      assertThat(segment.location(page)).isEqualTo(locations[page]);
      if (locations[page] != Pages.HOLE) {
        assertThat(segment.capacity()).isGreaterThan(page);
        assertThat(segment.crc(page)).isEqualTo(crcs[page]);
        assertThat(copiedCrcs[page]).isEqualTo(crcs[page]);
      }
    }
  }

  @Test
  void whatIsReadFromTheStoreIsThere() {
    final long[] locations = new long[PAGES];
    final int[] crcs = new int[PAGES];
    Arrays.fill(locations, Pages.HOLE);
    for (final int page : new int[] {2, 3, 77}) {
      locations[page] = FIRST + page;
      crcs[page] = page;
    }
    segment.fill(locations, crcs, 78);
    assertHolds(locations, crcs);
  }

  @Test
  void inOnePieceItNeedsNoLocations() {
    final int empty = segment.heapBytes();
    write(0, PAGES, FIRST);
    final int whole = segment.heapBytes();
    assertThat(whole).isEqualTo(empty + PAGES * Integer.BYTES);
    segment.set(9, FIRST, 0);
    assertThat(segment.heapBytes()).isEqualTo(whole + PAGES * Long.BYTES);
  }

  @Test
  void writtenAnewAtOnceItIsInOnePieceAgain() {
    write(0, PAGES, FIRST);
    final int whole = segment.heapBytes();
    write(0, PAGES, FIRST + 5000);
    assertThat(segment.heapBytes()).isEqualTo(whole);
    assertThat(segment.location(255)).isEqualTo(FIRST + 5255);
  }

  @Test
  void aPageThatIsOverwrittenAgainAndAgainStaysSmall() {
    segment.set(0, FIRST, 1);
    final int small = segment.heapBytes();
    segment.set(0, FIRST + 50, 2);
    assertThat(segment.heapBytes()).isEqualTo(small);
    assertThat(segment.location(0)).isEqualTo(FIRST + 50);
    segment.set(0, Pages.HOLE, 0);
    assertThat(segment.location(0)).isEqualTo(Pages.HOLE);
  }
}
