package dev.ashlar.internal.metadata;

import dev.ashlar.StorageIoException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * Finds out what RocksDB's log must still hold, from the log itself.
 *
 * <p>RocksDB's recovery to a point in time stops at the first damaged record and says nothing,
 * which is right for a tail that was never synced and wrong for acknowledged commits. So every
 * batch carries a mark: the sequence number up to which all was durable when the batch was written.
 * Before a database is opened for writing, the highest mark in any record that is still whole is
 * compared with the sequence number that recovery reaches; if recovery stops short of it,
 * acknowledged commits are missing and the open fails. Damage to the very last record is not seen:
 * it looks like a torn write.
 *
 * <p>The log is a row of blocks of 32 KiB, each with records: masked CRC32C u32, length u16, type
 * u8, payload. The payload of a first or only record begins with the batch: sequence u64, count
 * u32, then the mark, which is a blob that goes to the log and nowhere else.
 */
final class WalCheck {

  /** A mark: these two bytes, then the sequence number, little-endian. */
  static final int MARK_BYTES = 2 + Long.BYTES;

  /** What {@link #highestMark} gives when there is none. */
  static final long NONE = -1;

  private static final byte MARK_FIRST = (byte) 0xa5;
  private static final byte MARK_SECOND = 'D';

  private static final int BLOCK_BYTES = 32 << 10;
  private static final int HEADER_BYTES = 7;
  private static final int TYPE_FULL = 1;
  private static final int TYPE_FIRST = 2;
  private static final int TYPE_LAST = 4;
  private static final int BATCH_HEADER_BYTES = 12;
  private static final byte TAG_LOG_DATA = 3;
  private static final int MASK_DELTA = 0xa282ead8;

  private WalCheck() {}

  /** Makes a mark. */
  static void writeMark(final byte[] into, final long durableSequence) {
    into[0] = MARK_FIRST;
    into[1] = MARK_SECOND;
    ByteSink.U64.set(into, 2, durableSequence);
  }

  /**
   * Reads all logs of a database that is not open.
   *
   * @param folder of the database
   * @return the highest mark in a whole record, or {@link #NONE}
   */
  static long highestMark(final Path folder) {
    long highest = NONE;
    try (DirectoryStream<Path> logs = Files.newDirectoryStream(folder, "*.log")) {
      for (final Path log : logs) {
        highest = Math.max(highest, highestMarkIn(log));
      }
    } catch (final IOException e) {
      throw new StorageIoException("reading the log of the metadata in " + folder, 0, e);
    }
    return highest;
  }

  private static long highestMarkIn(final Path log) throws IOException {
    long highest = NONE;
    final byte[] block = new byte[BLOCK_BYTES];
    final CRC32C crc = new CRC32C();
    try (InputStream in = Files.newInputStream(log)) {
      int length = in.readNBytes(block, 0, BLOCK_BYTES);
      while (length > 0) {
        highest = Math.max(highest, highestMarkIn(block, length, crc));
        length = in.readNBytes(block, 0, BLOCK_BYTES);
      }
    }
    return highest;
  }

  /** Records after a damaged one in the same block cannot be found. */
  private static long highestMarkIn(final byte[] block, final int length, final CRC32C crc) {
    long highest = NONE;
    int at = 0;
    while (at + HEADER_BYTES <= length) {
      final int payload = (short) ByteSink.U16.get(block, at + 4) & 0xffff;
      final int type = block[at + 6];
      final int next = at + HEADER_BYTES + payload;
      if (type < TYPE_FULL || type > TYPE_LAST || next > length) {
        break;
      }
      crc.reset();
      crc.update(block, at + 6, 1 + payload);
      if (unmask((int) ByteSink.U32.get(block, at)) != (int) crc.getValue()) {
        break;
      }
      if (type == TYPE_FULL || type == TYPE_FIRST) {
        highest = Math.max(highest, markOf(block, at + HEADER_BYTES, payload));
      }
      at = next;
    }
    return highest;
  }

  private static int unmask(final int masked) {
    return Integer.rotateLeft(masked - MASK_DELTA, 15);
  }

  private static long markOf(final byte[] block, final int at, final int payload) {
    final int mark = at + BATCH_HEADER_BYTES + 2;
    final boolean present =
        payload >= BATCH_HEADER_BYTES + 2 + MARK_BYTES
            && block[mark - 2] == TAG_LOG_DATA
            && block[mark - 1] == MARK_BYTES
            && block[mark] == MARK_FIRST
            && block[mark + 1] == MARK_SECOND;
    return present ? (long) ByteSink.U64.get(block, mark + 2) : NONE;
  }
}
