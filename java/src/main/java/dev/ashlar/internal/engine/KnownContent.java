package dev.ashlar.internal.engine;

import dev.ashlar.Device;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Names what a device holds that is no store, by the marks of widespread formats. */
final class KnownContent {
  private static final int LOOKED_AT_BYTES = 0x10048;

  private record Mark(int offset, byte[] bytes, String what) {}

  /** In this order: a partition table may be in front of anything. */
  private static final List<Mark> MARKS =
      List.of(
          mark(0x438, new byte[] {0x53, (byte) 0xef}, "an ext2, ext3 or ext4 file system"),
          mark(0, "XFSB", "an XFS file system"),
          mark(0x10040, "_BHRfS_M", "a Btrfs file system"),
          mark(0x400, new byte[] {0x10, 0x20, (byte) 0xf5, (byte) 0xf2}, "an F2FS file system"),
          mark(3, "NTFS    ", "an NTFS file system"),
          mark(54, "FAT", "a FAT file system"),
          mark(82, "FAT32", "a FAT file system"),
          mark(0x8001, "CD001", "an ISO 9660 image"),
          mark(0xff6, "SWAPSPACE2", "swap space"),
          mark(0, "LUKS", "a LUKS volume"),
          mark(0x218, "LVM2 001", "an LVM volume"),
          mark(0x1000, new byte[] {(byte) 0xfc, 0x4e, 0x2b, (byte) 0xa9}, "a part of a RAID"),
          mark(512, "EFI PART", "a GPT partition table"),
          mark(510, new byte[] {0x55, (byte) 0xaa}, "a partition table or boot sector"),
          mark(0, "QFI", "a QCOW2 disk image"),
          mark(0, "\u007fELF", "a program"),
          mark(0, "PK", "a ZIP archive"),
          mark(257, "ustar", "a tar archive"));

  private static final String UNKNOWN = "data of an unknown kind";

  private KnownContent() {}

  private static Mark mark(final int offset, final String text, final String what) {
    return mark(offset, text.getBytes(StandardCharsets.ISO_8859_1), what);
  }

  private static Mark mark(final int offset, final byte[] bytes, final String what) {
    return new Mark(offset, bytes, what);
  }

  /**
   * What a device holds, as an object of "holds".
   *
   * @param device that is no store and not all zeros; read, not changed
   * @return such as "an XFS file system", or "data of an unknown kind"
   */
  static String describe(final Device device) {
    final Path file = device.path();
    final byte[] head = new byte[LOOKED_AT_BYTES];
    if (file == null) {
      return UNKNOWN;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      final ByteBuffer into = ByteBuffer.wrap(head);
      while (into.hasRemaining() && channel.read(into) >= 0) {}
    } catch (final IOException e) {
      return "data that cannot be read (" + e + ")";
    }
    for (final Mark mark : MARKS) {
      if (matches(head, mark)) {
        return mark.what;
      }
    }
    return UNKNOWN;
  }

  private static boolean matches(final byte[] head, final Mark mark) {
    for (int i = 0; i < mark.bytes.length; i++) {
      if (head[mark.offset + i] != mark.bytes[i]) {
        return false;
      }
    }
    return true;
  }
}
