package dev.ashlar.internal;

import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import dev.ashlar.internal.rpc.Servers;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A store opened by the native core. */
public final class NativeStoreDevice implements StoreDevice {
  private static final int SHARE_OF_PAGE_BUFFERS = 8;

  private final SharedRuntime runtime;
  private final BdevUse use;
  private final Servers.Reference server;
  private final long handle;
  private final boolean memory;
  private final boolean inline;
  private final boolean driven;
  private final int clusterBytes;
  private final long reserveBytes;
  private volatile @Nullable NativeBlobFs files;

  private NativeStoreDevice(
      final SharedRuntime runtime,
      final BdevUse use,
      final Servers.Reference server,
      final long handle,
      final boolean memory,
      final long[] numbers) {
    this.runtime = runtime;
    this.use = use;
    this.server = server;
    this.handle = handle;
    this.memory = memory;
    this.inline = numbers[StoreNumbers.INLINE_READ] != 0;
    this.driven = numbers[StoreNumbers.DRIVEN_READS] != 0;
    this.clusterBytes = Math.toIntExact(numbers[StoreNumbers.CLUSTER_BYTES]);
    this.reserveBytes = numbers[StoreNumbers.RESERVE_CLUSTERS] * clusterBytes;
  }

  /** Where a store's metadata is, as {@link Native#storeMetadataPlace} tells. */
  public enum Metadata {
    /** Not on the device. */
    ELSEWHERE,
    /** In files on the device. */
    ON_DEVICE,
    /** It will be on the device, and is not complete. */
    UNFINISHED
  }

  /** What is on a device, as {@link Native#deviceProbe} tells. */
  public enum Content {
    /** Nothing but zeros where formats keep their marks. */
    ZEROS,
    /** An Ashlar store. */
    STORE,
    /** Another SPDK blobstore or BlobFS. */
    FOREIGN_BLOBSTORE,
    /** Something else. */
    OTHER,
    /** An Ashlar store whose making was interrupted; nobody has used it. */
    UNFINISHED
  }

  /**
   * Looks at a device without changing it.
   *
   * @param device a file, a block device or a bdev
   * @return what is on it
   */
  public static Content probe(final Device device) {
    NativeLibrary.load();
    final BdevUse use = Bdevs.enter(device, true, null);
    try {
      final NativeDevice probed = NativeDevice.of(device);
      return Content.values()[Native.deviceProbe(probed.kind(), probed.path())];
    } finally {
      use.closed(Bdev.Counters.ZERO);
    }
  }

  /**
   * Opens a device.
   *
   * @param options of the store
   * @param createFile whether the file is created
   * @param formatAs identity of a new store, 16 bytes; null to load the one that is there
   * @return the store, in recovery unless it is read-only
   */
  public static NativeStoreDevice open(
      final ChunkStoreOptions options, final boolean createFile, final byte @Nullable [] formatAs) {
    return open(options, createFile, formatAs, Metadata.ELSEWHERE);
  }

  /**
   * Opens a device.
   *
   * @param options of the store
   * @param createFile whether the file is created
   * @param formatAs identity of a new store, 16 bytes; null to load the one that is there
   * @param metadata where that of a new store will be: {@code ELSEWHERE} or {@code UNFINISHED}
   * @return the store, in recovery unless it is read-only
   */
  public static NativeStoreDevice open(
      final ChunkStoreOptions options,
      final boolean createFile,
      final byte @Nullable [] formatAs,
      final Metadata metadata) {
    final BdevUse use = Bdevs.enter(options.device(), options.readOnly(), options.runtime().spdk());
    SharedRuntime runtime = null;
    Servers.Reference server = null;
    boolean done = false;
    try {
      server = Servers.acquire(options.runtime());
      runtime =
          SharedRuntime.acquire(
              options.runtime(), options.memoryBudgetBytes() / SHARE_OF_PAGE_BUFFERS);
      final NativeDevice device = NativeDevice.of(options.device());
      final boolean onDevice = metadata == Metadata.UNFINISHED;
      final long handle =
          Native.storeOpen(
              runtime.handle(),
              device.kind(),
              device.path(),
              device.isFile() ? options.sizeBytes() : device.sizeBytes(),
              flags(options, createFile, formatAs != null)
                  | device.flags()
                  | (onDevice ? Native.OPEN_METADATA_ON_DEVICE : 0),
              device.sectorBytes(),
              options.clusterBytes() == 0 && !onDevice
                  ? ChunkStoreOptions.DEFAULT_CLUSTER_BYTES
                  : options.clusterBytes(),
              formatAs);
      final long[] numbers = new long[StoreNumbers.COUNT];
      Native.storeNumbers(handle, numbers);
      final NativeStoreDevice store =
          new NativeStoreDevice(runtime, use, server, handle, device.isMemory(), numbers);
      use.opened(store::counters, () -> store.files);
      done = true;
      return store;
    } finally {
      if (!done) {
        use.closed(Bdev.Counters.ZERO);
        if (runtime != null) {
          runtime.release();
        }
        if (server != null) {
          server.close();
        }
      }
    }
  }

  private Bdev.Counters counters() {
    final DeviceNumbers n = DeviceNumbers.of(this);
    return new Bdev.Counters(n.reads(), n.writes(), n.flushes(), n.bytesRead(), n.bytesWritten());
  }

  private static int flags(
      final ChunkStoreOptions options, final boolean createFile, final boolean format) {
    return (createFile ? Native.OPEN_CREATE_FILE : 0)
        | (format ? Native.OPEN_FORMAT : 0)
        | (options.readOnly() ? Native.OPEN_READ_ONLY : 0)
        | (options.useIoUring() ? 0 : Native.OPEN_NO_URING)
        | (options.directIo() ? 0 : Native.OPEN_NO_DIRECT_IO);
  }

  /**
   * Where the metadata of the store is.
   *
   * @return the place
   */
  public Metadata metadata() {
    return Metadata.values()[Native.storeMetadataPlace(handle)];
  }

  /** The metadata on the device is complete; durable on return. */
  public void finishFormat() {
    Native.storeFinishFormat(handle);
  }

  /**
   * Mounts the files beside the chunks; once, before {@link #start}.
   *
   * @param bufferBytes bound of the memory for appending and reading ahead
   * @return the files, to be closed before the device
   */
  public NativeBlobFs mountFiles(final long bufferBytes) {
    final NativeBlobFs mounted = NativeBlobFs.of(Native.storeMountFiles(handle, bufferBytes));
    files = mounted;
    return mounted;
  }

  /**
   * Unit in which the device gives out space.
   *
   * @return bytes
   */
  public int clusterBytes() {
    return clusterBytes;
  }

  /**
   * Space that chunk data leaves to the metadata.
   *
   * @return bytes
   */
  public long reserveBytes() {
    return reserveBytes;
  }

  @Override
  public boolean isMetadataSpaceLow() {
    return Native.storeIsMetadataSpaceLow(handle);
  }

  @Override
  public DataPath path() {
    return runtime;
  }

  @Override
  public long handle() {
    return handle;
  }

  @Override
  public boolean readsInline() {
    return inline;
  }

  @Override
  public int drivenReactor() {
    return driven ? runtime.drivenReactor() : -1;
  }

  @Override
  public boolean isMemory() {
    return memory;
  }

  @Override
  public int readInline(
      final long address, final int inPage, final int length, final long location, final int crc) {
    return Native.readInline(handle, address, inPage, length, location, crc);
  }

  @Override
  public int readInline(
      final byte[] into,
      final int at,
      final int inPage,
      final int length,
      final long location,
      final int crc) {
    return Native.readInlineHeap(handle, into, at, inPage, length, location, crc);
  }

  @Override
  public int flushInline() {
    return Native.flushInline(handle);
  }

  @Override
  public void numbers(final long[] into) {
    Native.storeNumbers(handle, into);
  }

  @Override
  public String backend() {
    return Native.storeBackend(handle);
  }

  @Override
  public byte[] id() {
    return Native.storeId(handle);
  }

  @Override
  public String[] damage() {
    return Native.storeDamage(handle);
  }

  @Override
  public long generation() {
    return Native.storeGeneration(handle);
  }

  @Override
  public void setGeneration(final long generation) {
    Native.storeSetGeneration(handle, generation);
  }

  @Override
  public long[] spaceBlobs() {
    return Native.spaceBlobs(handle);
  }

  @Override
  public long markUsed(final long[] runs, final int count) {
    return Native.spaceMarkUsed(handle, runs, count);
  }

  @Override
  public void loadBitmap(final int blob, final long[] words) {
    Native.spaceLoadBitmap(handle, blob, words);
  }

  @Override
  public long[] bitmap(final int blob) {
    return Native.spaceBitmap(handle, blob);
  }

  @Override
  public void start() {
    Native.storeStart(handle);
  }

  @Override
  public void quiesce() {
    Native.storeQuiesce(handle);
  }

  @Override
  public void close(final boolean clean) {
    final Bdev.Counters last = use.lastCounters();
    try {
      Native.storeClose(handle, clean);
    } finally {
      use.closed(last);
      runtime.release();
      server.close();
    }
  }

  @Override
  public ByteBuffer allocate(final int bytes) {
    return UserMemory.allocate(bytes);
  }
}
