package dev.ashlar.cli;

import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which store a command is about. */
final class DeviceArguments {

  @Parameters(
      index = "0",
      paramLabel = "DEVICE",
      description = "File or block device of the store.")
  private Path device = Path.of(".");

  @Option(
      names = "--metadata",
      paramLabel = "FOLDER",
      description = "Folder of the store's metadata. Default: DEVICE.meta")
  private @Nullable Path metadata;

  ChunkStoreOptions.Builder options() {
    final ChunkStoreOptions.Builder builder =
        ChunkStoreOptions.builder().device(Device.file(device));
    return metadata == null ? builder : builder.metadata(metadata);
  }

  Path device() {
    return device;
  }

  ChunkStore open() {
    return ChunkStore.open(options().build());
  }

  ChunkStore openReadOnly() {
    return ChunkStore.open(options().readOnly(true).build());
  }
}
