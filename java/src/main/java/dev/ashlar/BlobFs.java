package dev.ashlar;

import dev.ashlar.internal.Arguments;
import dev.ashlar.internal.AshlarThread;
import dev.ashlar.internal.NativeBlobFs;
import dev.ashlar.internal.NativeBlobFs.Mode;
import dev.ashlar.internal.NativeSpdk;
import dev.ashlar.internal.NativeStoreDevice;
import dev.ashlar.internal.rocksdb.RocksPlugin;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Env;

/**
 * Files directly on a device, without a file system of the kernel: a place for a RocksDB database,
 * and for whatever else is written once and read often.
 *
 * <pre>{@code
 * try (BlobFs fs = BlobFs.open(BlobFsOptions.builder()
 *         .device(Device.file(path)).size(10L << 30).createIfMissing(true).build());
 *     Options options = new Options().setCreateIfMissing(true).setEnv(fs.rocksEnv());
 *     RocksDB db = RocksDB.open(options, "/db")) {
 *   db.put(key, value);
 * }
 * }</pre>
 *
 * <p>Names begin with a slash, have at most 255 bytes in UTF-8, and no empty parts; folders are
 * what stands before a slash. Names below {@code /.ashlar/} belong to chunk stores: they are not
 * shown.
 *
 * <p>Creating, renaming and deleting are durable when they return. The layout is that of SPDK's
 * BlobFS.
 *
 * <p>May be used by many threads at once. Calls block while the device works, a virtual thread with
 * its carrier.
 */
public final class BlobFs implements AutoCloseable {

  private final NativeBlobFs fs;
  private final Device device;
  private @Nullable Env env;
  private boolean closed;

  private BlobFs(final NativeBlobFs fs, final Device device) {
    this.fs = fs;
    this.device = device;
  }

  // --- opening -----------------------------------------------------------------------------------

  /**
   * Opens the files on a device. A memory device gets a new, empty file system.
   *
   * @param options where and how
   * @return the open file system
   * @throws NoSuchDeviceException if there is no such file, and it is not to be created
   * @throws WrongFormatException if the device holds something else
   * @throws StoreBusyException if it is open, here or in another process
   * @throws CorruptMetadataException if it is damaged as a whole; a damaged file is reported by
   *     {@link #damage} instead
   */
  public static BlobFs open(final BlobFsOptions options) {
    Arguments.notNull("options", options);
    AshlarThread.refuseBlocking("open");
    final Path file = options.device().path();
    if (file != null && !Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      if (!options.createIfMissing()) {
        throw new NoSuchDeviceException("there is no device " + file);
      }
      requireSize(options);
      return open(options, true, true);
    }
    // From the first look at the device on: bdevs in memory would not outlast it otherwise.
    final NativeSpdk.Reference spdk = NativeSpdk.acquire(options.runtime().spdk());
    try {
      return open(options, false, isToBeFormatted(options));
    } finally {
      spdk.close();
    }
  }

  private static boolean isToBeFormatted(final BlobFsOptions options) {
    return switch (options.device().kind()) {
      case MEMORY -> true;
      case CRASH -> false;
      case FILE, BDEV ->
          options.createIfMissing()
              && NativeStoreDevice.probe(options.device()) == NativeStoreDevice.Content.ZEROS;
    };
  }

  /**
   * Makes a new, empty file system and opens it. Whatever the device held is lost.
   *
   * @param options where and how; a file that does not exist is created
   * @return the open file system
   * @throws StoreBusyException if the device is open, here or in another process
   */
  public static BlobFs format(final BlobFsOptions options) {
    Arguments.notNull("options", options);
    AshlarThread.refuseBlocking("format");
    if (options.readOnly()) {
      throw new BadConfigurationException("a device cannot be formatted read-only");
    }
    final Path file = options.device().path();
    final boolean create = file != null && !Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    if (create) {
      requireSize(options);
    }
    return open(options, create, true);
  }

  private static void requireSize(final BlobFsOptions options) {
    if (options.sizeBytes() == 0) {
      throw new BadConfigurationException(
          "device " + options.device() + " does not exist: its size must be given");
    }
  }

  private static BlobFs open(
      final BlobFsOptions options, final boolean createFile, final boolean format) {
    return new BlobFs(NativeBlobFs.open(options, createFile, format), options.device());
  }

  // --- names -------------------------------------------------------------------------------------

  /**
   * Names of files.
   *
   * @param prefix what they begin with, such as {@code /db/}; empty for all
   * @return the names, ascending
   */
  public List<String> list(final String prefix) {
    return List.of(fs.list(Arguments.notNull("prefix", prefix)));
  }

  /**
   * What is known about a file.
   *
   * @param name of the file
   * @return its size and more
   * @throws NoSuchBlobFileException if there is none
   * @throws IllegalArgumentException if it is no name
   */
  public BlobFileStat stat(final String name) {
    final long[] facts = fs.stat(Arguments.notNull("name", name));
    final Instant modified = facts[2] == 0 ? null : Instant.EPOCH.plus(facts[2], ChronoUnit.MICROS);
    return new BlobFileStat(name, facts[0], facts[1], modified, facts[3] != 0);
  }

  /**
   * Whether there is a file.
   *
   * @param name of the file
   * @return true if there is
   */
  public boolean exists(final String name) {
    return fs.exists(Arguments.notNull("name", name));
  }

  /**
   * Renames a file in one atomic step; a file that has the new name already is replaced.
   *
   * @param from its name
   * @param to its new name
   * @throws NoSuchBlobFileException if there is none
   * @throws IllegalArgumentException if one of them is no name
   */
  public void rename(final String from, final String to) {
    fs.rename(Arguments.notNull("from", from), Arguments.notNull("to", to));
  }

  /**
   * Deletes a file. Whoever has it open keeps it until he closes it.
   *
   * @param name of the file
   * @throws NoSuchBlobFileException if there is none
   */
  public void delete(final String name) {
    fs.delete(Arguments.notNull("name", name));
  }

  // --- files -------------------------------------------------------------------------------------

  /**
   * Opens a file for reading.
   *
   * @param name of the file
   * @return the file
   * @throws NoSuchBlobFileException if there is none
   */
  public BlobFile open(final String name) {
    return file(name, Mode.READ, false);
  }

  /**
   * Creates a file that is written once, or in large pieces.
   *
   * @param name of the file
   * @return the file, empty
   * @throws BlobFileExistsException if there is one
   */
  public BlobFile create(final String name) {
    return file(name, Mode.CREATE_NEW, false);
  }

  /**
   * Creates a file that is synced again and again: each sync is one write and one flush.
   *
   * @param name of the file
   * @return the file, empty
   * @throws BlobFileExistsException if there is one
   */
  public BlobFile createLog(final String name) {
    return file(name, Mode.CREATE_NEW, true);
  }

  /**
   * Opens a file for appending, or creates it.
   *
   * @param name of the file
   * @return the file
   */
  public BlobFile append(final String name) {
    return file(name, Mode.CREATE_OR_WRITE, false);
  }

  private BlobFile file(final String name, final Mode mode, final boolean log) {
    return new BlobFile(name, fs.openFile(Arguments.notNull("name", name), mode, log));
  }

  // --- the whole ---------------------------------------------------------------------------------

  /**
   * The environment by which RocksDB keeps its files here: {@code options.setEnv(fs.rocksEnv())}.
   * Paths of databases then name folders of this file system, such as {@code /db}. It belongs to
   * this object: it is always the same one, and closing it does nothing.
   *
   * <p>Hard links are not there, so a {@code Checkpoint} copies. Unsynced puts are buffered in this
   * process, see {@link BlobFsOptions.Builder#flushWritesTail}. With {@code setRecycleLogFileNum} a
   * log is not recycled but made anew.
   *
   * @return the environment
   * @throws BadConfigurationException if Ashlar was built for another version of RocksDB
   */
  public synchronized Env rocksEnv() {
    if (env == null) {
      env = RocksPlugin.newEnv(fs);
    }
    return env;
  }

  /**
   * Space, files, and what the device has done.
   *
   * @return the numbers of this moment
   */
  public BlobFsStats stats() {
    final long[] n = fs.numbers();
    return new BlobFsStats(
        n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10] != 0, n[11] != 0);
  }

  /**
   * What was found on the device and cannot be used as a file.
   *
   * @return one sentence for each, empty if all is well
   */
  public List<String> damage() {
    return List.of(fs.damage());
  }

  /**
   * Closes all files, waits for what is in flight, and marks the device clean. A database that has
   * used the environment must have been closed; whoever uses the environment afterwards gets errors
   * from RocksDB. A second call does nothing.
   *
   * @throws IllegalStateException if a database is open; nothing has changed then
   * @throws AshlarException if something could not be made durable; it is closed all the same
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    try {
      fs.close();
      closed = true;
    } catch (final AshlarException e) {
      closed = true;
      throw e;
    }
  }

  @Override
  public String toString() {
    return "BlobFS on " + device;
  }
}
