package dev.ashlar;

import dev.ashlar.internal.Arguments;
import dev.ashlar.internal.AshlarThread;
import dev.ashlar.internal.BdevMounts;
import dev.ashlar.internal.Mount;
import dev.ashlar.internal.MountProcess;
import java.nio.file.Path;

/**
 * The files of a device as a folder of the host, for programs that know files only. The device is
 * open meanwhile: this process, and every other, goes through the folder. A process of its own
 * serves it; only bdevs ({@link Device#bdev}), which exist in this process, are served by this one.
 *
 * <p>Files grow at their end; writing elsewhere fails with {@code EOPNOTSUPP}. What is written is
 * durable when a file is closed, or after {@code fsync}. {@code docs/operations.md} has the rest.
 *
 * <p>The folder is unmounted by {@link #close}, by {@code umount}, and when this process ends,
 * however it does. May be used by many threads at once.
 */
public final class BlobFsMount implements AutoCloseable {

  private final Mount mount;
  private final Path folder;

  private BlobFsMount(final Mount mount, final Path folder) {
    this.mount = mount;
    this.folder = folder;
  }

  /**
   * Mounts a BlobFS.
   *
   * @param options where and how to open it; the device must be a file, a block device or a bdev
   *     that holds one
   * @param folder where to show it; must exist and be empty. What a killed mount has left there is
   *     taken away
   * @return the mount; the folder is ready
   * @throws NoSuchDeviceException if there is no such device or folder
   * @throws WrongFormatException if the device holds something else
   * @throws StoreBusyException if the device is open, or the folder is a mount point already
   * @throws StorageIoException if the folder is not empty, or the system does not let us mount
   * @throws UnsupportedDeviceException if Ashlar was built without FUSE
   */
  public static BlobFsMount start(final BlobFsOptions options, final Path folder) {
    Arguments.notNull("options", options);
    Arguments.notNull("folder", folder);
    AshlarThread.refuseBlocking("mount");
    final Path device = options.device().path();
    final boolean bdev = options.device().kind() == Device.Kind.BDEV;
    if (device == null && !bdev || options.createIfMissing()) {
      throw new BadConfigurationException(
          "only a file, a block device or a bdev that holds a BlobFS can be mounted, not "
              + options.device()
              + (options.createIfMissing() ? " with createIfMissing" : ""));
    }
    return new BlobFsMount(
        bdev ? BdevMounts.open(options, folder) : MountProcess.start(options, device, folder),
        folder);
  }

  /**
   * What is mounted where, and whether it is read-only, for people.
   *
   * @return one line
   */
  public String description() {
    return mount.greeting();
  }

  /**
   * Whether the folder is served.
   *
   * @return false after it has been unmounted, by whomever
   */
  public boolean isMounted() {
    return mount.isAlive();
  }

  /** Asks for the folder to be unmounted as soon as nothing in it is open, and returns. */
  public void unmountLater() {
    mount.askToEnd();
  }

  /**
   * Waits until the folder has been unmounted.
   *
   * @throws AshlarException if something could not be made durable
   */
  public void await() {
    mount.await();
  }

  /**
   * Unmounts the folder; waits as long as something in it is open.
   *
   * @throws AshlarException if something could not be made durable
   */
  @Override
  public void close() {
    unmountLater();
    await();
  }

  @Override
  public String toString() {
    return "mount on " + folder;
  }
}
