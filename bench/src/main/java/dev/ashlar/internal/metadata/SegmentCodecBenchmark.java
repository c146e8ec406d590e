package dev.ashlar.internal.metadata;

import dev.ashlar.ChunkKey;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Maps of segments to bytes and back. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class SegmentCodecBenchmark {

  /** Length of the runs in which the pages of the segment lie. */
  @Param({"1", "256"})
  private int runPages;

  private final ChunkKey key = ChunkKey.of("some-object", 7);
  private final byte[] keyBytes = MetadataCodec.segmentKey(key, 3);
  private final MetadataBatch batch = new MetadataBatch();
  private final SegmentMap map = new SegmentMap();
  private final SegmentMap decoded = new SegmentMap();
  private final CRC32C crc = new CRC32C();
  private byte[] value;

  /** Makes a full segment and encodes it. */
  @Setup
  public void fill() {
    for (int page = 0; page < SegmentMap.PAGES; page++) {
      map.locations[page] = 1000 + page + page / runPages;
      map.crcs[page] = page * 0x9e3779b9;
    }
    final ByteSink sink = new ByteSink(4096);
    sink.putBytes(keyBytes);
    MetadataCodec.writeSegment(
        sink, 0, keyBytes.length, 0, SegmentMap.PAGES, map.locations, map.crcs, 0, false, crc);
    value = sink.copy(keyBytes.length, sink.size());
  }

  /**
   * A whole segment into a batch.
   *
   * @return bytes of the batch
   */
  @Benchmark
  public long encodeSegment() {
    batch.clear();
    batch.putSegment(key, 3, map.locations, map.crcs, SegmentMap.PAGES);
    return batch.sizeBytes();
  }

  /**
   * The delta of a page that was overwritten into a batch.
   *
   * @return bytes of the batch
   */
  @Benchmark
  public long encodeOverwrite() {
    batch.clear();
    batch.mergeSegment(key, 3, 77, 1, map.locations, map.crcs, 77);
    return batch.sizeBytes();
  }

  /**
   * A whole segment from its stored value.
   *
   * @return the map
   */
  @Benchmark
  public SegmentMap decodeSegment() {
    decoded.clear();
    MetadataCodec.decodeSegment(keyBytes, keyBytes.length, value, value.length, decoded, crc);
    return decoded;
  }
}
