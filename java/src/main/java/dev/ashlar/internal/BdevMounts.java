package dev.ashlar.internal;

import dev.ashlar.BlobFsOptions;
import dev.ashlar.StoreBusyException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Mounts of bdevs, served by this process. */
public final class BdevMounts {

  private BdevMounts() {}

  /**
   * Opens a bdev and mounts it.
   *
   * @param options of its BlobFS
   * @param folder where
   * @return the mount, which closes the BlobFS when it ends
   */
  public static FolderMount open(final BlobFsOptions options, final Path folder) {
    final NativeBlobFs fs = NativeBlobFs.open(options, false, false);
    try {
      return FolderMount.start(fs, folder, options.device().label(), fs.isReadOnly(), true);
    } catch (final RuntimeException | Error e) {
      try {
        fs.close();
      } catch (final RuntimeException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  /**
   * Mounts the files of whoever has a bdev open, read-only: what he changes is seen in the folder.
   * When he closes them, everything in the folder answers EIO.
   *
   * @param bdev name of one that is open
   * @param folder where
   * @return the mount
   * @throws StoreBusyException if it is open without files
   */
  public static FolderMount ofOpen(final String bdev, final Path folder) {
    final @Nullable NativeBlobFs files = Bdevs.openFiles(bdev);
    if (files == null) {
      throw new StoreBusyException(
          "bdev " + bdev + " is open, by a store that keeps its metadata elsewhere");
    }
    return FolderMount.start(files, folder, bdev, true, false);
  }
}
