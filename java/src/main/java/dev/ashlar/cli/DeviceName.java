package dev.ashlar.cli;

import dev.ashlar.AshlarRuntime;
import dev.ashlar.Device;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The device that a command is about. */
final class DeviceName {

  @Parameters(
      index = "0",
      paramLabel = "DEVICE",
      description = "File or block device; with --config the name of a bdev.")
  private String name = ".";

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Make the bdevs of a configuration in SPDK's JSON format first.")
  private @Nullable Path config;

  private @Nullable Device device;

  Device device() {
    if (device == null) {
      if (config != null) {
        AshlarRuntime.configure(config);
      }
      device = config == null ? Device.file(Path.of(name)) : Device.bdev(name);
    }
    return device;
  }

  @Override
  public String toString() {
    return name;
  }
}
