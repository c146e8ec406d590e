package dev.ashlar.internal.metadata;

import dev.ashlar.ChunkKey;
import java.util.Arrays;
import java.util.NoSuchElementException;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Maps of segments. */
final class RocksSegmentCursor implements SegmentCursor {
  private final RocksCursor cursor;
  private final CRC32C crc = new CRC32C();
  private byte @Nullable [] at;
  private byte @Nullable [] keyBytes;
  private @Nullable ChunkKey key;

  RocksSegmentCursor(final RocksCursor cursor) {
    this.cursor = cursor;
  }

  @Override
  public boolean next() {
    at = null;
    if (!cursor.next()) {
      return false;
    }
    at = cursor.key();
    return true;
  }

  @Override
  public ChunkKey key() {
    final byte[] now = position();
    final byte[] last = keyBytes;
    final ChunkKey known = key;
    if (known != null
        && last != null
        && now.length == last.length
        && Arrays.equals(
            now, 0, now.length - Integer.BYTES, last, 0, last.length - Integer.BYTES)) {
      return known;
    }
    final ChunkKey next = MetadataCodec.chunkOfSegmentKey(now);
    key = next;
    keyBytes = now;
    return next;
  }

  @Override
  public long segment() {
    return MetadataCodec.segmentOfSegmentKey(position());
  }

  @Override
  public void read(final SegmentMap into) {
    final byte[] now = position();
    final byte[] value = cursor.value();
    into.clear();
    MetadataCodec.decodeSegment(now, now.length, value, value.length, into, crc);
  }

  private byte[] position() {
    final byte[] now = at;
    if (now == null) {
      throw new NoSuchElementException("the cursor is at no entry");
    }
    return now;
  }

  @Override
  public void close() {
    cursor.close();
  }
}
