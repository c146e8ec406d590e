package dev.ashlar.internal.rpc;

import dev.ashlar.BadConfigurationException;
import dev.ashlar.StorageIoException;
import dev.ashlar.StoreBusyException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The socket as a file. Its folder is its user's alone, so nobody else can reach or replace it. A
 * lock beside it says who serves it; a socket without a server, left by a process that was killed,
 * is taken away by whoever gets the lock. Nothing else is ever deleted.
 */
final class SocketFile implements AutoCloseable {
  private static final Set<PosixFilePermission> FOLDER_MODE =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> FILE_MODE =
      PosixFilePermissions.fromString("rw-------");

  /** Belongs to the user of this process. */
  private static final Path OURSELVES = Path.of("/proc/self");

  // Of stat(2).
  private static final int TYPE = 0170000;
  private static final int SOCKET = 0140000;

  private final Path path;
  private final FileChannel lock;
  private final ServerSocketChannel channel;
  private final Object identity;
  private final UserPrincipal owner;

  private SocketFile(
      final Path path,
      final FileChannel lock,
      final ServerSocketChannel channel,
      final Object identity,
      final UserPrincipal owner) {
    this.path = path;
    this.lock = lock;
    this.channel = channel;
    this.identity = identity;
    this.owner = owner;
  }

  static SocketFile open(final Path path) {
    try {
      final Path folder = path.toAbsolutePath().getParent();
      if (folder == null) {
        throw new BadConfigurationException("rpc socket " + path + " is no name of a file");
      }
      prepareFolder(folder);
      final FileChannel lock = lock(path);
      try {
        return bind(path, lock);
      } catch (final IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (final IOException e) {
      throw new StorageIoException("rpc socket " + path + ": " + e.getMessage(), 0, e);
    }
  }

  private static void prepareFolder(final Path folder) throws IOException {
    if (!Files.exists(folder)) {
      Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(FOLDER_MODE));
    }
    if (!FOLDER_MODE.containsAll(Files.getPosixFilePermissions(folder))
        || !Files.getOwner(folder).equals(Files.getOwner(OURSELVES))) {
      throw new BadConfigurationException(
          "the folder of the rpc socket, "
              + folder
              + ", is open to others: chmod 0700 it, or name a folder of its own");
    }
  }

  private static FileChannel lock(final Path path) throws IOException {
    final Path file = path.resolveSibling(path.getFileName() + ".lock");
    final FileChannel lock =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
            PosixFilePermissions.asFileAttribute(FILE_MODE));
    try {
      if (lock.tryLock() != null) {
        return lock;
      }
    } catch (final OverlappingFileLockException e) {
      // this process
    } catch (final IOException e) {
      lock.close();
      throw e;
    }
    lock.close();
    throw inUse(path);
  }

  private static StoreBusyException inUse(final Path path) {
    return new StoreBusyException("rpc socket " + path + " is served already");
  }

  private static SocketFile bind(final Path path, final FileChannel lock) throws IOException {
    removeStale(path);
    final ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.bind(UnixDomainSocketAddress.of(path));
      Files.setPosixFilePermissions(path, FILE_MODE);
      final Object identity = identityOf(path);
      if (identity == null) {
        throw new IOException("it has gone");
      }
      return new SocketFile(path, lock, channel, identity, Files.getOwner(path));
    } catch (final IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static void removeStale(final Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    final int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((mode & TYPE) != SOCKET) {
      throw new BadConfigurationException("rpc socket " + path + ": something else has that name");
    }
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.connect(UnixDomainSocketAddress.of(path));
    } catch (final IOException e) {
      Files.delete(path); // nobody listens
      return;
    }
    throw inUse(path);
  }

  /** Device and inode; null if there is no such file. */
  private static @Nullable Object identityOf(final Path path) throws IOException {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS)
        ? Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).fileKey()
        : null;
  }

  ServerSocketChannel channel() {
    return channel;
  }

  /** The user whose socket it is: the one of this process. */
  UserPrincipal owner() {
    return owner;
  }

  Path path() {
    return path;
  }

  /** The lock stays as an empty file: who takes it away could take away another's. */
  @Override
  public void close() throws IOException {
    channel.close();
    if (identity.equals(identityOf(path))) {
      Files.delete(path);
    }
    lock.close();
  }
}
