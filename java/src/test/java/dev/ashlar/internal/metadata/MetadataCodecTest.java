package dev.ashlar.internal.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.ChunkKey;
import dev.ashlar.CorruptMetadataException;
import dev.ashlar.WrongFormatException;
import dev.ashlar.testing.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class MetadataCodecTest {

  private static final ChunkKey KEY = ChunkKey.of("a\u00e9", 0x0102);
  private static final String CHUNK_KEY = "61c3a9 00 0000000000000102".replace(" ", "");
  private static final String SEGMENT_KEY = CHUNK_KEY + "00000005";

  private static byte[] bytes(final String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  private static String hex(final byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  // --- keys ------------------------------------------------------------------------------------

  @Test
  void keysHaveGoldenBytes() {
    assertThat(hex(MetadataCodec.chunkKey(KEY))).isEqualTo(CHUNK_KEY);
    assertThat(hex(MetadataCodec.segmentKey(KEY, 5))).isEqualTo(SEGMENT_KEY);
    assertThat(hex(MetadataCodec.segmentKey(KEY, 0xffff_fffeL))).endsWith("fffffffe");
    assertThat(hex(MetadataCodec.spaceKey(9))).isEqualTo("00000009");
    assertThat(hex(MetadataCodec.storeKey())).isEqualTo("73746f7265");
    assertThat(hex(MetadataCodec.cleanKey())).isEqualTo("636c65616e");
    assertThat(hex(MetadataCodec.idPrefix("a\u00e9"))).isEqualTo("61c3a9");
  }

  @Test
  void keysAreReadBack() {
    assertThat(MetadataCodec.chunkOfChunkKey(bytes(CHUNK_KEY))).isEqualTo(KEY);
    assertThat(MetadataCodec.chunkOfSegmentKey(bytes(SEGMENT_KEY))).isEqualTo(KEY);
    assertThat(MetadataCodec.segmentOfSegmentKey(bytes(SEGMENT_KEY))).isEqualTo(5);
    final byte[] last = MetadataCodec.segmentKey(KEY, MetadataCodec.MAX_SEGMENTS - 1);
    assertThat(MetadataCodec.segmentOfSegmentKey(last)).isEqualTo(0xffff_ffffL);
  }

  @Test
  void keysThatNameNoChunkAreCorrupt() {
    for (final String key :
        List.of(
            "",
            "00",
            "61",
            "00 0000000000000001", // empty id
            "61 01 0000000000000001", // no zero after the id
            "6100 00 0000000000000001", // a zero in the id
            "ff 00 0000000000000001", // no UTF-8
            "61 00 8000000000000000")) { // negative number
      assertThatThrownBy(() -> MetadataCodec.chunkOfChunkKey(bytes(key)))
          .as(key)
          .isInstanceOf(CorruptMetadataException.class)
          .hasMessageContaining(key.replace(" ", ""));
    }
  }

  @Test
  void bytesOrderAsKeysDoAndRangesHoldWhatTheySay() {
    final SplittableRandom random = Seed.random("bytesOrderAsKeysDo");
    final String[] parts = {"a", "b", "\u0001", "\u007f", "\u0080", "\uffff", "\ud83d\ude00"};
    final List<ChunkKey> keys = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      final StringBuilder id = new StringBuilder(parts[random.nextInt(parts.length)]);
      for (int more = random.nextInt(4); more > 0; more--) {
        id.append(parts[random.nextInt(parts.length)]);
      }
      keys.add(ChunkKey.of(id.toString(), random.nextLong() >>> (1 + random.nextInt(63))));
    }
    Collections.sort(keys);
    for (int i = 1; i < keys.size(); i++) {
      final ChunkKey before = keys.get(i - 1);
      final ChunkKey key = keys.get(i);
      final byte[] bytesBefore = MetadataCodec.chunkKey(before);
      assertThat(Integer.signum(Arrays.compareUnsigned(bytesBefore, MetadataCodec.chunkKey(key))))
          .isEqualTo(before.equals(key) ? 0 : -1);
    }
    for (final ChunkKey key : keys) {
      final String start = key.id().substring(0, key.id().offsetByCodePoints(0, 1));
      final byte[] prefix = MetadataCodec.idPrefix(start);
      for (final ChunkKey other : keys) {
        final byte[] bytes = MetadataCodec.chunkKey(other);
        final boolean inRange =
            Arrays.compareUnsigned(bytes, prefix) >= 0
                && Arrays.compareUnsigned(bytes, MetadataCodec.after(prefix)) < 0;
        assertThat(inRange).isEqualTo(other.id().startsWith(start));
        final byte[] segment = MetadataCodec.segmentKey(other, random.nextLong(1L << 32));
        final boolean inChunk =
            Arrays.compareUnsigned(segment, MetadataCodec.segmentKey(key, 0)) >= 0
                && Arrays.compareUnsigned(segment, MetadataCodec.afterSegments(key)) < 0;
        assertThat(inChunk).isEqualTo(other.equals(key));
      }
    }
  }

  // --- records ---------------------------------------------------------------------------------

  private static final String STORE =
      "01 000102030405060708090a0b0c0d0e0f 01000000 0700000000000000 00001000 00100000 00010000";
  private static final String CLEAN = "01 0700000000000000";
  private static final String CHUNK =
      "01 8813000000000000 0300000000000000 0a00000000000000 ffffffffffffffff 0000";
  private static final String SPACE =
      "01 0700000000000000 4100000000000000 02000000 ffffffffffffffff 0100000000000000";

  private static String sealed(final byte[] key, final String record) {
    final CRC32C crc = new CRC32C();
    crc.update(key);
    crc.update(bytes(record));
    final int value = Integer.reverseBytes((int) crc.getValue());
    return record.replace(" ", "") + HexFormat.of().toHexDigits(value);
  }

  private static StoreRecord storeRecord() {
    return new StoreRecord(bytes("000102030405060708090a0b0c0d0e0f"), 7, 1 << 20);
  }

  private static byte[] chunkValue() {
    final ByteSink sink = new ByteSink(1);
    sink.putBytes(bytes(CHUNK_KEY));
    MetadataCodec.writeChunk(sink, 0, sink.size(), 5000, 3, 10, -1, new CRC32C());
    return sink.copy(CHUNK_KEY.length() / 2, sink.size());
  }

  @Test
  void recordsHaveGoldenBytes() {
    assertThat(hex(MetadataCodec.encodeStore(storeRecord())))
        .isEqualTo(sealed(MetadataCodec.storeKey(), STORE))
        .endsWith("3a7b85b7");
    assertThat(hex(MetadataCodec.encodeClean(7)))
        .isEqualTo(sealed(MetadataCodec.cleanKey(), CLEAN))
        .endsWith("0a4b9f0f");
    assertThat(hex(chunkValue())).isEqualTo(sealed(bytes(CHUNK_KEY), CHUNK)).endsWith("d86bd52f");
    assertThat(hex(MetadataCodec.encodeSpace(new SpaceRecord(9, 7, 65, new long[] {-1, 1}))))
        .isEqualTo(sealed(bytes("00000009"), SPACE))
        .endsWith("bc2cc6f5");
  }

  @Test
  void recordsAreReadBack() {
    assertThat(MetadataCodec.decodeStore(bytes(sealed(MetadataCodec.storeKey(), STORE))))
        .isEqualTo(storeRecord());
    assertThat(MetadataCodec.decodeClean(bytes(sealed(MetadataCodec.cleanKey(), CLEAN))))
        .isEqualTo(7);
    assertThat(MetadataCodec.decodeChunkRecord(bytes(CHUNK_KEY), chunkValue()))
        .isEqualTo(new ChunkRecord(5000, 3, 10, -1));
    assertThat(
            MetadataCodec.decodeSpace(bytes("00000009"), bytes(sealed(bytes("00000009"), SPACE))))
        .isEqualTo(new SpaceRecord(9, 7, 65, new long[] {-1, 1}));
  }

  @Test
  void damagedRecordsAreCorruptAndNamed() {
    assertEveryDamageIsNoticed(
        MetadataCodec.encodeStore(storeRecord()), MetadataCodec::decodeStore, "store");
    assertEveryDamageIsNoticed(
        MetadataCodec.encodeClean(7), MetadataCodec::decodeClean, "clean close");
    assertEveryDamageIsNoticed(
        chunkValue(), v -> MetadataCodec.decodeChunkRecord(bytes(CHUNK_KEY), v), KEY.toString());
    assertEveryDamageIsNoticed(
        MetadataCodec.encodeSpace(new SpaceRecord(9, 7, 65, new long[] {-1, 1})),
        v -> MetadataCodec.decodeSpace(bytes("00000009"), v),
        "blob 9");
  }

  /** Every single flipped bit, every shorter length, and a byte more. */
  private static void assertEveryDamageIsNoticed(
      final byte[] good, final Consumer<byte[]> decoder, final String named) {
    decoder.accept(good);
    for (int bit = 0; bit < good.length * 8; bit++) {
      final byte[] flipped = good.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertCorrupt(flipped, decoder, named);
    }
    for (int length = 0; length < good.length; length++) {
      assertCorrupt(Arrays.copyOf(good, length), decoder, named);
    }
    assertCorrupt(Arrays.copyOf(good, good.length + 1), decoder, named);
  }

  private static void assertCorrupt(
      final byte[] damaged, final Consumer<byte[]> decoder, final String named) {
    assertThatThrownBy(() -> decoder.accept(damaged))
        .as(hex(damaged))
        .isInstanceOf(CorruptMetadataException.class)
        .hasMessageContaining(named);
  }

  @Test
  void recordUnderAnotherKeyIsCorrupt() {
    final byte[] otherKey = MetadataCodec.chunkKey(ChunkKey.of("b"));
    assertThatThrownBy(() -> MetadataCodec.decodeChunkRecord(otherKey, chunkValue()))
        .isInstanceOf(CorruptMetadataException.class)
        .hasMessageContaining("b#0");
  }

  @Test
  void unknownVersionAndOtherGeometryAreTold() {
    final byte[] newer = bytes(sealed(bytes(CHUNK_KEY), CHUNK.replaceFirst("01", "02")));
    assertThatThrownBy(() -> MetadataCodec.decodeChunkRecord(bytes(CHUNK_KEY), newer))
        .isInstanceOf(CorruptMetadataException.class)
        .hasMessageContaining("unknown version 2");
    final byte[] otherPages =
        bytes(sealed(MetadataCodec.storeKey(), STORE.replace("00100000", "00200000")));
    assertThatThrownBy(() -> MetadataCodec.decodeStore(otherPages))
        .isInstanceOf(WrongFormatException.class)
        .hasMessageContaining("8192");
  }

  @Test
  void numbersOutOfRangeAreCorruptInSpiteOfTheirChecksum() {
    final byte[] negative =
        bytes(sealed(bytes(CHUNK_KEY), CHUNK.replace("8813000000000000", "8813000000000080")));
    assertThatThrownBy(() -> MetadataCodec.decodeChunkRecord(bytes(CHUNK_KEY), negative))
        .isInstanceOf(CorruptMetadataException.class)
        .hasMessageContaining("out of range");
    final byte[] attributes = bytes(sealed(bytes(CHUNK_KEY), CHUNK.replaceFirst("0000$", "0100")));
    assertThatThrownBy(() -> MetadataCodec.decodeChunkRecord(bytes(CHUNK_KEY), attributes))
        .isInstanceOf(CorruptMetadataException.class);
    final byte[] space = bytes("00000009");
    for (final String wrong :
        List.of(
            SPACE.replace("02000000", "03000000"),
            SPACE.replace("02000000", "ffffffff"),
            SPACE.replace("4100000000000000", "8100000000000000"),
            SPACE.replace("4100000000000000", "ffffffffffffffff"))) {
      assertThatThrownBy(() -> MetadataCodec.decodeSpace(space, bytes(sealed(space, wrong))))
          .isInstanceOf(CorruptMetadataException.class)
          .hasMessageContaining("blob 9");
    }
  }

  // --- segments --------------------------------------------------------------------------------

  private static byte[] encode(
      final int firstPage, final long[] locations, final int[] crcs, final boolean withHoles) {
    final ByteSink sink = new ByteSink(1);
    sink.putBytes(bytes(SEGMENT_KEY));
    final int keyBytes = sink.size();
    MetadataCodec.writeSegment(
        sink,
        0,
        keyBytes,
        firstPage,
        locations.length,
        locations,
        crcs,
        0,
        withHoles,
        new CRC32C());
    return sink.copy(keyBytes, sink.size());
  }

  private static SegmentMap decode(final byte[] value) {
    final SegmentMap map = new SegmentMap();
    final byte[] key = bytes(SEGMENT_KEY);
    MetadataCodec.decodeSegment(key, key.length, value, value.length, map, new CRC32C());
    return map;
  }

  private static String entry(final String body) {
    return sealed(bytes(SEGMENT_KEY), body);
  }

  private static final long BLOB_2 = 2L << 32;

  @Test
  void segmentEntriesHaveGoldenBytes() {
    final long[] locations = {BLOB_2 + 7, BLOB_2 + 8, SegmentMap.HOLE, SegmentMap.HOLE, 7};
    final int[] crcs = {0x11223344, -1, 5, 6, 0};
    final String runs =
        entry("11 00 01 0700000002000000 44332211 ffffffff")
            + entry("12 02 01")
            + entry("11 04 00 0700000000000000 00000000");
    assertThat(hex(encode(0, locations, crcs, true))).isEqualTo(runs).endsWith("d17f27bb");
    assertThat(hex(encode(0, locations, crcs, false)))
        .isEqualTo(runs.replace(entry("12 02 01"), ""));
  }

  @Test
  void overwriteOfOnePageTakes19BytesAndAFullSegment1039() {
    final long[] locations = new long[256];
    for (int i = 0; i < 256; i++) {
      locations[i] = BLOB_2 + 1000 + i;
    }
    assertThat(encode(0, new long[] {BLOB_2}, new int[1], true)).hasSize(19);
    assertThat(MetadataBatch.mergeBytes(1)).isEqualTo(19);
    assertThat(encode(0, locations, new int[256], true)).hasSize(1039);
    assertThat(MetadataBatch.mergeBytes(256)).isEqualTo(1039);
  }

  @Test
  void runsDoNotCrossBlobs() {
    final long lastOfBlob = BLOB_2 - 1; // page 0xffffffff of blob 1
    final byte[] value = encode(0, new long[] {lastOfBlob, BLOB_2}, new int[2], true);
    assertThat(value).hasSize(2 * 19);
    assertThat(decode(value).locations).startsWith(lastOfBlob, BLOB_2, SegmentMap.HOLE);
  }

  @Test
  void laterEntriesWin() {
    final byte[] first = encode(0, new long[] {10, 11, 12, 13}, new int[] {1, 2, 3, 4}, true);
    final byte[] second = encode(1, new long[] {50, SegmentMap.HOLE}, new int[] {9, 9}, true);
    final byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    final SegmentMap map = decode(both);
    assertThat(map.locations).startsWith(10, 50, SegmentMap.HOLE, 13, SegmentMap.HOLE);
    assertThat(map.crcs[0]).isEqualTo(1);
    assertThat(map.crcs[1]).isEqualTo(9);
    assertThat(map.crcs[3]).isEqualTo(4);
    assertThat(map.pages()).isEqualTo(4);
    assertThat(map.storedBytes()).isEqualTo(both.length);
  }

  @Test
  void emptyValueIsAllHoles() {
    assertThat(decode(new byte[0]).pages()).isZero();
    final long[] holes = new long[256];
    Arrays.fill(holes, SegmentMap.HOLE);
    assertThat(encode(0, holes, new int[256], false)).isEmpty();
    assertThat(encode(0, holes, new int[256], true)).hasSize(7);
  }

  @Test
  void damagedSegmentsAreCorruptAndNamed() {
    final byte[] good =
        encode(3, new long[] {10, 11, SegmentMap.HOLE, 99}, new int[] {1, 2, 0, 4}, true);
    decode(good);
    for (int bit = 0; bit < good.length * 8; bit++) {
      final byte[] flipped = good.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertCorrupt(flipped, MetadataCodecTest::decode, KEY.toString());
    }
    final List<Integer> wholeEntries = List.of(0, 23, 30); // what a lost merge would leave
    for (int length = 0; length < good.length; length++) {
      if (!wholeEntries.contains(length)) {
        assertCorrupt(Arrays.copyOf(good, length), MetadataCodecTest::decode, "segment 5");
      }
    }
  }

  @Test
  void impossibleEntriesAreCorruptInSpiteOfTheirChecksum() {
    for (final String entry :
        List.of(
            "11 ff 01 0700000000000000 00000000 00000000", // past the segment
            "12 80 80",
            "13 00 00",
            "21 00 00 0700000000000000 00000000",
            "11 00 00 ffffffffffffffff 00000000", // a hole as a run
            "11 00 01 ffffffff00000000 00000000 00000000")) { // past the blob
      assertThatThrownBy(() -> decode(bytes(entry(entry))))
          .as(entry)
          .isInstanceOf(CorruptMetadataException.class)
          .hasMessageContaining(KEY.toString())
          .hasMessageContaining("segment 5");
    }
  }

  @Test
  void randomMapsAreReadBack() {
    final SplittableRandom random = Seed.random("randomMapsAreReadBack");
    for (int round = 0; round < 500; round++) {
      final int count = 1 + random.nextInt(256);
      final long[] locations = new long[count];
      final int[] crcs = new int[count];
      for (int i = 0; i < count; i++) {
        crcs[i] = random.nextInt();
        locations[i] =
            switch (random.nextInt(4)) {
              case 0 -> SegmentMap.HOLE;
              case 1 -> random.nextLong() >>> 1;
              default ->
                  i > 0 && locations[i - 1] != SegmentMap.HOLE ? locations[i - 1] + 1 : 1000 + i;
            };
        if (locations[i] < 0) {
          locations[i] = SegmentMap.HOLE;
        }
      }
      final int first = random.nextInt(257 - count);
      final SegmentMap map = decode(encode(first, locations, crcs, random.nextBoolean()));
      for (int page = 0; page < 256; page++) {
        final boolean inside = page >= first && page < first + count;
        final long expected = inside ? locations[page - first] : SegmentMap.HOLE;
        assertThat(map.locations[page]).as("page %d", page).isEqualTo(expected);
        if (expected != SegmentMap.HOLE) {
          assertThat(map.crcs[page]).isEqualTo(crcs[page - first]);
        }
      }
    }
  }
}
