package dev.ashlar.cli;

import dev.ashlar.BlobFsOptions;
import picocli.CommandLine.Option;

/** Whether files of a chunk store's device may be changed. */
final class BesideStore {

  @Option(
      names = "--beside-store",
      description = "Change files also where a chunk store lies on the device.")
  private boolean allowed;

  BlobFsOptions.Builder applyTo(final BlobFsOptions.Builder options) {
    return options.writeBesideChunkStore(allowed);
  }
}
