package dev.ashlar.internal;

import java.nio.ByteBuffer;

/**
 * One open store as the native core sees it: control calls, and reads in the calling thread. The
 * data path goes through the op slots of {@link #path()}. The caller sees to it that nothing is
 * called after {@link #close}.
 */
public interface StoreDevice {

  /** What {@link #readInline} and {@link #flushInline} return when only an op slot can do it. */
  int NOT_INLINE = -ResultCode.NOT_SUPPORTED.number();

  /** What an errno is multiplied with in the result of {@link #flushInline}. */
  int ERRNO_FACTOR = 256;

  /** What {@link #markUsed} found to be wrong with a run. */
  enum BadRun {
    /** A page has an owner already. */
    TWO_OWNERS,
    /** There is no such blob. */
    NO_SUCH_BLOB,
    /** The pages are not in the blob. */
    OUT_OF_RANGE,
    /** The blob is damaged. */
    DAMAGED_BLOB
  }

  /**
   * Where this store's op slots are executed.
   *
   * @return the data path
   */
  DataPath path();

  /**
   * Handle for op slots.
   *
   * @return the number
   */
  long handle();

  /**
   * Whether {@link #readInline} works.
   *
   * @return true if it does; it may wait for the device unless {@link #isMemory}
   */
  boolean readsInline();

  /**
   * The reactor for a small read whose end a callback waits for: the thread that runs callbacks
   * drives it, so that no other thread need be woken.
   *
   * @return its number, or -1: there is none, or it has enough to do
   */
  default int drivenReactor() {
    return -1;
  }

  /**
   * Whether the device is memory, so that a read takes about a microsecond.
   *
   * @return true for a device in memory
   */
  boolean isMemory();

  /**
   * Reads bytes of one page in the calling thread and verifies the page.
   *
   * @param address where the bytes go
   * @param inPage offset of the first byte in the page
   * @param length in bytes, within the page
   * @param location of the page, not a hole
   * @param crc of the page
   * @return 0, or the negative of a {@link ResultCode}; {@link #NOT_INLINE}: use an op slot
   */
  int readInline(long address, int inPage, int length, long location, int crc);

  /**
   * As {@link #readInline}, into an array.
   *
   * @param into where the bytes go
   * @param at index of the first byte in the array
   * @param inPage offset of the first byte in the page
   * @param length in bytes, within the page
   * @param location of the page, not a hole
   * @param crc of the page
   * @return as {@link #readInline}
   */
  int readInline(byte[] into, int at, int inPage, int length, long location, int crc);

  /**
   * Flushes the device in the calling thread, and waits for it: covers the writes that have
   * completed. A flush that failed is not tried again: its writes may be lost even if a later one
   * succeeds.
   *
   * @return 0, or the negative of a {@link ResultCode} plus {@value #ERRNO_FACTOR} times the errno;
   *     {@link #NOT_INLINE}: nothing was flushed, use an op slot
   */
  int flushInline();

  /**
   * Whether metadata on the device has used up half of the space kept for it: then only changes
   * should be made that make it smaller.
   *
   * @return true if it has; never where the metadata is elsewhere
   */
  boolean isMetadataSpaceLow();

  /**
   * Numbers about the store.
   *
   * @param into filled as {@link StoreNumbers} says
   */
  void numbers(long[] into);

  /**
   * What moves the data.
   *
   * @return "memory", "io_uring" or "pread"
   */
  String backend();

  /**
   * Identity written at format.
   *
   * @return 16 bytes
   */
  byte[] id();

  /**
   * Damaged blobs found at open.
   *
   * @return one sentence each
   */
  String[] damage();

  /**
   * Generation of the store on the device.
   *
   * @return the number
   */
  long generation();

  /**
   * Makes a new generation durable on the device.
   *
   * @param generation larger than the last
   */
  void setGeneration(long generation);

  /**
   * The private blobs.
   *
   * @return for each, the index of its root page and its length in pages
   */
  long[] spaceBlobs();

  /**
   * Marks runs of pages as used.
   *
   * @param runs pairs of a location and a number of pages
   * @param count of runs
   * @return -1, or the index of the first bad run times 4 plus the ordinal of a {@link BadRun}
   */
  long markUsed(long[] runs, int count);

  /**
   * Sets all used bits of a private blob.
   *
   * @param blob index of its root page
   * @param words 64 pages each
   */
  void loadBitmap(int blob, long[] words);

  /**
   * The used bits of a private blob of a store that is quiet.
   *
   * @param blob index of its root page
   * @return 64 pages a word
   */
  long[] bitmap(int blob);

  /** Ends recovery; from here on pages are allocated. */
  void start();

  /** Ends operation before a clean close; nothing is in flight. */
  void quiesce();

  /**
   * Closes the device and gives back the reference to the runtime.
   *
   * @param clean whether to mark the device as closed cleanly
   */
  void close(boolean clean);

  /**
   * Page-aligned zeroed memory for users.
   *
   * @param bytes at least 1
   * @return a direct buffer that frees itself when it is not reachable any more
   */
  ByteBuffer allocate(int bytes);
}
