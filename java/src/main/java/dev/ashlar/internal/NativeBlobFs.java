package dev.ashlar.internal;

import dev.ashlar.BadConfigurationException;
import dev.ashlar.BlobFsOptions;
import dev.ashlar.internal.rpc.Servers;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.Optional;

/** A BlobFS opened by the native core. Arguments have been validated by the callers. */
public final class NativeBlobFs {

  /** How a file is opened; the order is that of the native side. */
  public enum Mode {
    /** One that exists, for reading. */
    READ,
    /** One that exists. */
    WRITE,
    /** A new one. */
    CREATE_NEW,
    /** One that exists, or a new one. */
    CREATE_OR_WRITE,
    /** A new one in place of the one that may exist. */
    CREATE_OR_REPLACE
  }

  private final long handle;
  private final BdevUse use;
  private final Servers.Reference server;

  private NativeBlobFs(final long handle, final BdevUse use, final Servers.Reference server) {
    this.handle = handle;
    this.use = use;
    this.server = server;
  }

  /**
   * Opens a BlobFS.
   *
   * @param options of it
   * @param createFile whether the file of the device is created
   * @param format whether an empty file system is written first
   * @return the BlobFS
   */
  public static NativeBlobFs open(
      final BlobFsOptions options, final boolean createFile, final boolean format) {
    NativeLibrary.load();
    final BdevUse use = Bdevs.enter(options.device(), options.readOnly(), options.runtime().spdk());
    Servers.Reference server = null;
    NativeBlobFs fs = null;
    try {
      server = Servers.acquire(options.runtime());
      fs = new NativeBlobFs(openHandle(options, createFile, format), use, server);
      use.opened(fs::counters, Optional.of(fs)::get);
      return fs;
    } finally {
      if (fs == null) {
        use.closed(Bdev.Counters.ZERO);
        if (server != null) {
          server.close();
        }
      }
    }
  }

  private static long openHandle(
      final BlobFsOptions options, final boolean createFile, final boolean format) {
    final NativeDevice device = NativeDevice.of(options.device());
    return Native.fsOpen(
        device.kind(),
        device.path(),
        device.isFile() ? options.sizeBytes() : device.sizeBytes(),
        flags(options, createFile, format) | device.flags(),
        device.sectorBytes(),
        options.clusterBytes(),
        options.runtime().reactors(),
        options.runtime().idlePolicy().ordinal(),
        options.runtime().spin().toNanos(),
        options.bufferBytes());
  }

  private Bdev.Counters counters() {
    final long[] n = numbers();
    return new Bdev.Counters(n[5], n[6], n[7], n[8], n[9]);
  }

  private static int flags(
      final BlobFsOptions options, final boolean createFile, final boolean format) {
    return (createFile ? Native.OPEN_CREATE_FILE : 0)
        | (format ? Native.OPEN_FORMAT : 0)
        | (options.readOnly() ? Native.OPEN_READ_ONLY : 0)
        | (options.useIoUring() ? 0 : Native.OPEN_NO_URING)
        | (options.directIo() ? 0 : Native.OPEN_NO_DIRECT_IO)
        | (options.writeBesideChunkStore() ? Native.OPEN_BESIDE_STORE : 0)
        | (options.flushWritesTail() ? Native.OPEN_FLUSH_WRITES_TAIL : 0);
  }

  /** One that has been opened by another way. */
  static NativeBlobFs of(final long handle) {
    return new NativeBlobFs(handle, new BdevUse(null, NativeSpdk.none()), () -> {});
  }

  /** Closes it, see {@link Native#fsClose}. */
  public void close() {
    final Bdev.Counters last = use.lastCounters();
    boolean open = false;
    try {
      Native.fsClose(handle);
    } catch (final IllegalStateException e) {
      open = true;
      throw e;
    } finally {
      if (!open) {
        use.closed(last);
        server.close();
      }
    }
  }

  long handle() {
    return handle;
  }

  /**
   * Names of files.
   *
   * @param prefix what they begin with
   * @return the names, ascending
   */
  public String[] list(final String prefix) {
    return Native.fsList(handle, prefix);
  }

  /**
   * What is known about a file.
   *
   * @param name of the file
   * @return see {@link Native#fsStat}
   */
  public long[] stat(final String name) {
    return Native.fsStat(handle, name);
  }

  /**
   * Whether there is a file.
   *
   * @param name of the file
   * @return true if there is
   */
  public boolean exists(final String name) {
    return Native.fsExists(handle, name);
  }

  /**
   * Renames a file.
   *
   * @param from its name
   * @param to its new name
   */
  public void rename(final String from, final String to) {
    Native.fsRename(handle, from, to);
  }

  /**
   * Deletes a file.
   *
   * @param name of the file
   */
  public void delete(final String name) {
    Native.fsDelete(handle, name);
  }

  /**
   * Numbers about the file system.
   *
   * @return see {@link Native#fsNumbers}
   */
  public long[] numbers() {
    return Native.fsNumbers(handle);
  }

  /**
   * Whether changes are refused.
   *
   * @return true if so, as asked for or for the sake of what is on the device
   */
  public boolean isReadOnly() {
    return numbers()[10] != 0;
  }

  /**
   * What cannot be used as a file.
   *
   * @return one sentence each
   */
  public String[] damage() {
    return Native.fsDamage(handle);
  }

  /**
   * Opens a file.
   *
   * @param name of the file
   * @param mode how to open it
   * @param log whether a new file is a log
   * @return a handle for the other calls
   */
  public long openFile(final String name, final Mode mode, final boolean log) {
    return Native.fileOpen(handle, name, mode.ordinal(), log);
  }

  /**
   * Closes a file; nothing happens if it is closed.
   *
   * @param file handle
   */
  public static void closeFile(final long file) {
    Native.fileClose(file);
  }

  /**
   * Reads into what remains of a buffer and moves its position.
   *
   * @param file handle
   * @param offset in the file
   * @param into the buffer
   * @return the number of bytes
   */
  public static int readFile(final long file, final long offset, final ByteBuffer into) {
    final int got;
    if (into.isDirect()) {
      got = Native.fileRead(file, offset, Native.address(into) + into.position(), into.remaining());
      Reference.reachabilityFence(into);
    } else {
      got =
          Native.fileReadHeap(
              file, offset, into.array(), into.arrayOffset() + into.position(), into.remaining());
    }
    into.position(into.position() + got);
    return got;
  }

  /**
   * Appends what remains of a buffer and moves its position.
   *
   * @param file handle
   * @param from the buffer
   */
  public static void appendToFile(final long file, final ByteBuffer from) {
    if (from.isDirect()) {
      Native.fileAppend(file, Native.address(from) + from.position(), from.remaining());
      Reference.reachabilityFence(from);
    } else if (from.hasArray()) {
      Native.fileAppendHeap(
          file, from.array(), from.arrayOffset() + from.position(), from.remaining());
    } else {
      final byte[] copy = new byte[from.remaining()];
      from.duplicate().get(copy);
      Native.fileAppendHeap(file, copy, 0, copy.length);
    }
    from.position(from.limit());
  }

  /**
   * Makes what was appended durable.
   *
   * @param file handle
   */
  public static void syncFile(final long file) {
    Native.fileSync(file);
  }

  /**
   * Cuts a file, or fills it up with zeros.
   *
   * @param file handle
   * @param sizeBytes its new size
   */
  public static void truncateFile(final long file, final long sizeBytes) {
    Native.fileTruncate(file, sizeBytes);
  }

  /**
   * Size of a file, with what is buffered.
   *
   * @param file handle
   * @return bytes
   */
  public static long fileSize(final long file) {
    return Native.fileSize(file);
  }

  /**
   * Loads the plug-in for the RocksDB that is loaded.
   *
   * @param major first part of RocksDB's version
   * @param minor second part
   * @param patch third part
   * @throws BadConfigurationException if there is none that fits
   */
  public static void loadRocksDbPlugin(final int major, final int minor, final int patch) {
    NativeLibrary.load();
    final String version = major + "." + minor + "." + patch;
    final String name = "libashlar_rocksdb-" + version + "-" + Native.rocksDbStringAbi() + ".so";
    final boolean found =
        NativeLibrary.useCompanion(
            name, file -> Native.rocksDbLoadPlugin(file.toString(), major, minor, patch));
    if (!found) {
      throw new BadConfigurationException(
          "this build of Ashlar has no plug-in for RocksDB "
              + version
              + " ("
              + name
              + "): use the RocksDB it was built for, or build it with -Drocksdb.version="
              + version
              + " and the headers of that version in -Drocksdb.include");
    }
  }

  /**
   * Makes what RocksDB keeps its files by.
   *
   * @return the address of a {@code rocksdb::Env}, valid for ever
   */
  public long newRocksDbEnv() {
    return Native.rocksDbNewEnv(handle);
  }
}
