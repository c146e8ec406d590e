package dev.ashlar.internal.metadata;

import java.nio.ByteBuffer;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * A {@link MetadataBatch} as RocksDB takes it, filled again and again without garbage. Not for
 * several threads at once.
 */
final class RocksBatch implements AutoCloseable {

  /** A write batch that has grown beyond this is not kept. */
  private static final long MAX_KEPT_BYTES = 1 << 20;

  private final ExactArrays keys = new ExactArrays();
  private final ExactArrays values = new ExactArrays();
  private final ByteBuffer longKey = ByteBuffer.allocateDirect(1024);
  private final ByteBuffer longValue = ByteBuffer.allocateDirect(8192);
  private final byte[] mark = new byte[WalCheck.MARK_BYTES];
  private WriteBatch batch = new WriteBatch();

  WriteBatch batch() {
    return batch;
  }

  int count() {
    return batch.count();
  }

  /**
   * Takes over the changes.
   *
   * @param changes to take
   * @param durableSequence number up to which all is durable; {@link WalCheck} reads it in the log
   * @param database that they are for
   */
  void fill(final MetadataBatch changes, final long durableSequence, final RocksResources database)
      throws RocksDBException {
    if (batch.getDataSize() > MAX_KEPT_BYTES) {
      batch.close();
      batch = new WriteBatch();
    } else {
      batch.clear();
    }
    WalCheck.writeMark(mark, durableSequence);
    batch.putLogData(mark);
    final byte[] log = changes.log();
    int at = 0;
    while (at < changes.logBytes()) {
      final int keyFrom = at + MetadataBatch.HEADER_BYTES;
      final int keyTo = keyFrom + ((short) ByteSink.U16.get(log, at + 2) & 0xffff);
      final int valueTo = keyTo + (int) ByteSink.U32.get(log, at + 4);
      final ColumnFamilyHandle family = database.family(log[at + 1]);
      final byte[] key = keys.copy(log, keyFrom, keyTo);
      switch (log[at]) {
        case MetadataBatch.OP_PUT -> put(family, key, log, keyTo, valueTo);
        case MetadataBatch.OP_MERGE -> batch.merge(family, key, values.copy(log, keyTo, valueTo));
        case MetadataBatch.OP_DELETE -> batch.delete(family, key);
        case MetadataBatch.OP_DELETE_RANGE ->
            batch.deleteRange(family, key, values.copy(log, keyTo, valueTo));
        default -> throw new IllegalStateException("operation " + log[at] + " in a batch");
      }
      at = valueTo;
    }
  }

  private void put(
      final ColumnFamilyHandle family,
      final byte[] key,
      final byte[] log,
      final int valueFrom,
      final int valueTo)
      throws RocksDBException {
    final int length = valueTo - valueFrom;
    if (length <= ExactArrays.MAX_KEPT || length > longValue.capacity()) {
      batch.put(family, key, values.copy(log, valueFrom, valueTo));
      return;
    }
    longKey.clear().put(key).flip();
    longValue.clear().put(log, valueFrom, length).flip();
    batch.put(family, longKey, longValue);
  }

  @Override
  public void close() {
    batch.close();
  }
}
