package dev.ashlar.internal;

/**
 * Layout of an op slot: one data-path operation in memory shared with the native core. The same
 * layout, with the meaning of every field, stands in {@code cpp/chunk/op_slot.h}.
 */
final class OpSlotLayout {
  static final int STORE = 0;
  static final int ADDRESS = 8;
  static final int OPCODE = 16;
  static final int PAGE_COUNT = 20;
  static final int HEAD_OFFSET = 24;
  static final int LENGTH = 28;
  static final int OLD_HEAD_LOCATION = 32;
  static final int OLD_TAIL_LOCATION = 40;
  static final int OLD_HEAD_CRC = 48;
  static final int OLD_TAIL_CRC = 52;
  static final int STATUS = 56;
  static final int SYS_ERRNO = 60;
  static final int FAILED_LOCATION = 64;
  static final int FAILED_OFFSET = 72;
  static final int FAILED_PAGE = 80;
  static final int EXPECTED_CRC = 84;
  static final int ACTUAL_CRC = 88;
  static final int LOCATIONS = 128;
  static final int CRCS = 2176;
  static final int BYTES = 3200;

  static final int OP_READ = 1;
  static final int OP_WRITE = 2;
  static final int OP_FREE = 3;
  static final int OP_FLUSH = 4;

  static final int SEGMENT_PAGES = 256;
  static final long HOLE = -1L;

  private OpSlotLayout() {}

  static long[] expected() {
    return new long[] {
      STORE,
      ADDRESS,
      OPCODE,
      PAGE_COUNT,
      HEAD_OFFSET,
      LENGTH,
      OLD_HEAD_LOCATION,
      OLD_TAIL_LOCATION,
      OLD_HEAD_CRC,
      OLD_TAIL_CRC,
      STATUS,
      SYS_ERRNO,
      FAILED_LOCATION,
      FAILED_OFFSET,
      FAILED_PAGE,
      EXPECTED_CRC,
      ACTUAL_CRC,
      LOCATIONS,
      CRCS,
      BYTES,
      OP_READ,
      OP_WRITE,
      OP_FREE,
      OP_FLUSH,
      SEGMENT_PAGES,
      HOLE,
    };
  }
}
