package dev.ashlar.cli;

import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which store a command is about. */
final class DeviceArguments {

  @Mixin private DeviceName device = new DeviceName();

  @Option(
      names = "--metadata",
      paramLabel = "FOLDER|DEVICE",
      description =
          "Where the store's metadata is, if not on DEVICE: a folder, or an existing file or block"
              + " device of its own.")
  private @Nullable Path metadata;

  ChunkStoreOptions.Builder options() {
    final ChunkStoreOptions.Builder builder = ChunkStoreOptions.builder().device(device.device());
    if (metadata == null) {
      return builder;
    }
    return Files.exists(metadata) && !Files.isDirectory(metadata)
        ? builder.metadataDevice(Device.file(metadata))
        : builder.metadata(metadata);
  }

  DeviceName device() {
    return device;
  }

  ChunkStore open() {
    return ChunkStore.open(options().build());
  }

  ChunkStore openReadOnly() {
    return ChunkStore.open(options().readOnly(true).build());
  }
}
