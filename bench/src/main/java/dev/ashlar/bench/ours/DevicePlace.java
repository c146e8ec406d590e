package dev.ashlar.bench.ours;

import dev.ashlar.BlobFs;
import dev.ashlar.BlobFsMount;
import dev.ashlar.BlobFsOptions;
import dev.ashlar.Device;
import dev.ashlar.bench.peer.DbBench;
import dev.ashlar.bench.peer.DbBenchPlace;
import java.nio.file.Path;

/** Devices for db_bench. Each run finds a new, empty file system. */
public final class DevicePlace {

  private DevicePlace() {}

  /**
   * Memory, through the plug-in.
   *
   * @param sizeBytes of the device
   * @return the place
   */
  public static DbBenchPlace memory(final long sizeBytes) {
    return job -> DbBench.onDevice("memory?size=" + sizeBytes, job);
  }

  /**
   * A file, through the plug-in.
   *
   * @param file laid out, so that what is below it only passes on, as a disk would
   * @return the place
   */
  public static DbBenchPlace file(final Path file) {
    return job -> {
      BlobFs.format(options(file)).close();
      return DbBench.onDevice(file.toString(), job);
    };
  }

  /**
   * A file, through a mount of it.
   *
   * @param file laid out, so that what is below it only passes on, as a disk would
   * @param folder to mount on; exists and is empty
   * @return the place
   */
  public static DbBenchPlace mount(final Path file, final Path folder) {
    return job -> {
      BlobFs.format(options(file)).close();
      final BlobFsMount mount = BlobFsMount.start(options(file), folder);
      try {
        return DbBench.inFolder(folder.resolve("db"), job);
      } finally {
        mount.close();
      }
    };
  }

  private static BlobFsOptions options(final Path file) {
    return BlobFsOptions.builder().device(Device.file(file)).build();
  }
}
