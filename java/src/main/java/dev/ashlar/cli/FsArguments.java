package dev.ashlar.cli;

import dev.ashlar.BlobFs;
import dev.ashlar.BlobFsOptions;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;

/** Which file system a command is about. */
final class FsArguments {

  @Mixin private DeviceName device = new DeviceName();

  /** Names of files begin with a slash, which may be left out here. */
  static final class Name implements ITypeConverter<String> {
    @Override
    public String convert(final String text) {
      return text.startsWith("/") ? text : "/" + text;
    }
  }

  BlobFsOptions.Builder options() {
    return BlobFsOptions.builder().device(device.device());
  }

  DeviceName device() {
    return device;
  }

  BlobFs open(final BesideStore beside) {
    return BlobFs.open(beside.applyTo(options()).build());
  }

  BlobFs openReadOnly() {
    return BlobFs.open(options().readOnly(true).build());
  }
}
