package dev.ashlar.cli;

import dev.ashlar.BlobFs;
import dev.ashlar.BlobFsOptions;
import dev.ashlar.Device;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Parameters;

/** Which file system a command is about. */
final class FsArguments {

  @Parameters(index = "0", paramLabel = "DEVICE", description = "File or block device.")
  private Path device = Path.of(".");

  /** Names of files begin with a slash, which may be left out here. */
  static final class Name implements ITypeConverter<String> {
    @Override
    public String convert(final String text) {
      return text.startsWith("/") ? text : "/" + text;
    }
  }

  BlobFsOptions.Builder options() {
    return BlobFsOptions.builder().device(Device.file(device));
  }

  Path device() {
    return device;
  }

  BlobFs open(final BesideStore beside) {
    return BlobFs.open(beside.applyTo(options()).build());
  }

  BlobFs openReadOnly() {
    return BlobFs.open(options().readOnly(true).build());
  }
}
