package dev.ashlar.internal.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.ashlar.ChunkKey;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class MetadataBatchTest {

  private static final ChunkKey KEY = ChunkKey.of("k", 1);

  @Test
  void clearedBatchIsEmpty() {
    final var batch = new MetadataBatch();
    assertThat(batch.isEmpty()).isTrue();
    batch.deleteChunk(KEY);
    assertThat(batch.isEmpty()).isFalse();
    assertThat(batch.sizeBytes()).isGreaterThanOrEqualTo(10);
    batch.clear();
    assertThat(batch.isEmpty()).isTrue();
    assertThat(batch.count()).isZero();
    assertThat(batch.sizeBytes()).isZero();
  }

  @Test
  void fewSegmentsAreDeletedOneByOneAndManyByARange() {
    final var batch = new MetadataBatch();
    batch.deleteSegments(KEY, 3, 3);
    assertThat(batch.isEmpty()).isTrue();
    batch.deleteSegments(KEY, 3, 5);
    assertThat(batch.count()).isEqualTo(2);
    batch.clear();
    batch.deleteSegments(KEY, 0, MetadataBatch.MAX_SINGLE_DELETES + 1);
    assertThat(batch.count()).isEqualTo(1);
    batch.clear();
    batch.deleteSegments(KEY, 0, MetadataStore.MAX_SEGMENTS);
    assertThat(batch.count()).isEqualTo(1);
  }

  @Test
  void rewritingCostsFewerBytesThanTheMergesBeforeIt() {
    for (final int pages : new int[] {1, 16, 256}) {
      final int whole = MetadataBatch.mergeBytes(pages);
      long stored = whole;
      long merged = 0;
      while (!MetadataBatch.worthRewriting(stored, pages)) {
        stored += MetadataBatch.mergeBytes(1);
        merged += MetadataBatch.mergeBytes(1);
      }
      assertThat(merged).isGreaterThan(whole);
      assertThat(stored).isLessThan(4096);
    }
  }

  @Test
  void usedAgainItAllocatesNothing() {
    final var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    final var batch = new MetadataBatch();
    final long[] locations = new long[256];
    Arrays.setAll(locations, i -> i * 2L);
    final int[] crcs = new int[256];
    for (int i = 0; i < 20_000; i++) {
      fill(batch, locations, crcs);
    }
    final long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 1000; i++) {
      fill(batch, locations, crcs);
    }
    final long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(allocated).isLessThan(1000); // less than a byte for each
  }

  private static void fill(final MetadataBatch batch, final long[] locations, final int[] crcs) {
    batch.clear();
    batch.putChunk(KEY, 1, 2, 3, 4);
    batch.putSegment(KEY, 0, locations, crcs, 256);
    batch.mergeSegment(KEY, 1, 7, 3, locations, crcs, 100);
    batch.deleteSegment(KEY, 2);
  }
}
