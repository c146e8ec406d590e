package dev.ashlar.internal.metadata;

import dev.ashlar.ChunkKey;

/** Records of chunks. */
final class RocksChunkCursor implements ChunkCursor {
  private final RocksCursor cursor;

  RocksChunkCursor(final RocksCursor cursor) {
    this.cursor = cursor;
  }

  @Override
  public boolean next() {
    return cursor.next();
  }

  @Override
  public ChunkKey key() {
    return MetadataCodec.chunkOfChunkKey(cursor.key());
  }

  @Override
  public ChunkRecord record() {
    return MetadataCodec.decodeChunkRecord(cursor.key(), cursor.value());
  }

  @Override
  public void close() {
    cursor.close();
  }
}
