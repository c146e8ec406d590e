package dev.ashlar.cli;

import dev.ashlar.AshlarRuntime;
import dev.ashlar.Device;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The device that a command is about. With {@code --spdk} or a name after {@code spdk:} it is a
 * bdev of SPDK, with {@code --config} alone one of ours, else a file or block device.
 */
final class DeviceName {
  private static final String SPDK_PREFIX = "spdk:";

  @Parameters(
      index = "0",
      paramLabel = "DEVICE",
      description =
          "File or block device; with --config, --spdk or after spdk: the name of a bdev.")
  private String name = ".";

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Make the bdevs of a configuration in SPDK's JSON format first.")
  private @Nullable Path config;

  @ArgGroup(exclusive = false)
  private @Nullable SpdkArguments spdk;

  private @Nullable Device device;

  Device device() {
    if (device == null) {
      device = find();
    }
    return device;
  }

  private Device find() {
    final boolean prefixed = name.startsWith(SPDK_PREFIX);
    if (spdk != null || prefixed) {
      AshlarRuntime.startSpdk((spdk == null ? new SpdkArguments() : spdk).options(config));
      return Device.bdev(prefixed ? name.substring(SPDK_PREFIX.length()) : name);
    }
    if (config == null) {
      return Device.file(Path.of(name));
    }
    AshlarRuntime.configure(config);
    return Device.bdev(name);
  }

  @Override
  public String toString() {
    return name;
  }
}
