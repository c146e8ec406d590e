package dev.ashlar.internal;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/** A {@link FakeDisk} as an open store. */
public final class FakeStoreDevice implements StoreDevice {
  private static final AtomicLong HANDLES = new AtomicLong(1);

  private final FakeDataPath path;
  private final FakeDisk disk;
  private final boolean inline;
  private final long handle = HANDLES.getAndIncrement();
  private volatile boolean metadataSpaceLow;
  private volatile boolean closed;
  private volatile boolean closedClean;
  private volatile Runnable beforeInlineRead = Thread::yield; // a reader may be slow

  /** Opens the disk; {@code inline} says whether reads work in the calling thread. */
  public FakeStoreDevice(final FakeDataPath path, final FakeDisk disk, final boolean inline) {
    this.path = path;
    this.disk = disk;
    this.inline = inline;
    disk.forgetUse();
    path.addStore(handle, disk);
  }

  /** Called between the look-up of a page and its read in the calling thread. */
  public void beforeInlineRead(final Runnable action) {
    beforeInlineRead = action;
  }

  /** How it was closed. */
  public boolean closedClean() {
    return closedClean;
  }

  /** Whether it was closed. */
  public boolean closed() {
    return closed;
  }

  private void used() {
    if (closed) {
      disk.violation("the device is used after its close");
    }
  }

  @Override
  public DataPath path() {
    return path;
  }

  @Override
  public long handle() {
    return handle;
  }

  /** Whether the metadata has too little space left to grow. */
  public void metadataSpaceIsLow(final boolean low) {
    metadataSpaceLow = low;
  }

  @Override
  public boolean isMetadataSpaceLow() {
    return metadataSpaceLow;
  }

  @Override
  public boolean readsInline() {
    return inline;
  }

  @Override
  public boolean isMemory() {
    return inline;
  }

  @Override
  public int readInline(
      final long address, final int inPage, final int length, final long location, final int crc) {
    final byte[] page = verified(location, crc);
    if (page == null) {
      return -ResultCode.CHECKSUM_MISMATCH.number();
    }
    path.at(address, length).put(page, inPage, length);
    return 0;
  }

  @Override
  public int readInline(
      final byte[] into,
      final int at,
      final int inPage,
      final int length,
      final long location,
      final int crc) {
    final byte[] page = verified(location, crc);
    if (page == null) {
      return -ResultCode.CHECKSUM_MISMATCH.number();
    }
    System.arraycopy(page, inPage, into, at, length);
    return 0;
  }

  private byte[] verified(final long location, final int crc) {
    used();
    beforeInlineRead.run();
    final byte[] page = disk.read(location);
    return page != null && FakeDataPath.crc(page) == crc ? page : null;
  }

  @Override
  public int flushInline() {
    used();
    return inline ? path.flushInline(disk) : NOT_INLINE;
  }

  @Override
  public void numbers(final long[] into) {
    used();
    Arrays.fill(into, 0);
    into[StoreNumbers.DEVICE_BYTES] = (long) disk.totalPages() * Pages.PAGE_BYTES;
    into[StoreNumbers.PRIVATE_BLOBS] = disk.blobs;
    into[StoreNumbers.PRIVATE_PAGES] = disk.totalPages();
    into[StoreNumbers.USED_PAGES] = disk.usedPages();
  }

  @Override
  public String backend() {
    return "fake";
  }

  @Override
  public byte[] id() {
    return disk.id();
  }

  @Override
  public String[] damage() {
    return new String[0];
  }

  @Override
  public long generation() {
    return disk.generation();
  }

  @Override
  public void setGeneration(final long generation) {
    used();
    disk.setGeneration(generation);
  }

  @Override
  public long[] spaceBlobs() {
    final long[] all = new long[2 * disk.blobs];
    for (int i = 0; i < disk.blobs; i++) {
      all[2 * i] = FakeDisk.FIRST_BLOB + i;
      all[2 * i + 1] = disk.pagesPerBlob;
    }
    return all;
  }

  @Override
  public long markUsed(final long[] runs, final int count) {
    return disk.markUsed(runs, count);
  }

  @Override
  public void loadBitmap(final int blob, final long[] words) {
    disk.loadBitmap(blob, words);
  }

  @Override
  public long[] bitmap(final int blob) {
    used();
    return disk.bitmap(blob);
  }

  @Override
  public void start() {
    used();
  }

  @Override
  public void quiesce() {
    used();
  }

  @Override
  public void close(final boolean clean) {
    used();
    closed = true;
    closedClean = clean;
    path.removeStore(handle);
  }

  @Override
  public ByteBuffer allocate(final int bytes) {
    return ByteBuffer.allocateDirect(bytes);
  }
}
