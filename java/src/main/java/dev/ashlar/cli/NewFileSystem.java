package dev.ashlar.cli;

import dev.ashlar.BlobFs;
import dev.ashlar.BlobFsOptions;
import dev.ashlar.Device;
import dev.ashlar.WrongFormatException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Makes file systems without destroying what a device holds. */
final class NewFileSystem {

  private NewFileSystem() {}

  /** An empty one. A device that holds anything is refused, unless it is to be destroyed. */
  static BlobFs make(
      final BlobFsOptions.Builder options, final Device device, final boolean force) {
    final Path file = device.path();
    if (force || file != null && !Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return BlobFs.format(options.build());
    }
    refuseFileSystem(device);
    // Now it is empty, or it is refused.
    return BlobFs.open(options.createIfMissing(true).build());
  }

  private static void refuseFileSystem(final Device device) {
    final BlobFsOptions readOnly = BlobFsOptions.builder().device(device).readOnly(true).build();
    try (BlobFs old = BlobFs.open(readOnly)) {
      throw new CliException(
          device
              + " holds a file system with "
              + old.stats().files()
              + " files already; --force destroys it");
    } catch (final WrongFormatException e) {
      return;
    }
  }
}
