package dev.ashlar.cli;

import dev.ashlar.BlobFs;
import dev.ashlar.BlobFsOptions;
import dev.ashlar.BlobFsStats;
import dev.ashlar.WrongFormatException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "mkfs",
    description = "Makes a new, empty file system. A device that holds anything is refused.",
    mixinStandardHelpOptions = true)
final class FsMkfsCommand implements Callable<Integer> {
  private final Io io;

  @Mixin private FsArguments arguments = new FsArguments();

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "Size of a file that does not exist yet: 10G, 512MiB, ...")
  private @Nullable Long size;

  @Option(
      names = "--cluster-size",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "Unit in which files grow, a power of two from 64K to 1G. Default: 1M")
  private @Nullable Long clusterSize;

  @Option(names = "--force", description = "Destroy what the device holds.")
  private boolean force;

  FsMkfsCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() {
    final BlobFsOptions.Builder options = arguments.options();
    if (size != null) {
      options.size(size);
    }
    if (clusterSize != null) {
      options.clusterBytes(Math.toIntExact(Math.min(clusterSize, Integer.MAX_VALUE)));
    }
    final boolean exists = Files.exists(arguments.device(), LinkOption.NOFOLLOW_LINKS);
    if (exists && !force) {
      refuseFileSystem();
      // Now it is empty, or it is refused.
      options.createIfMissing(true);
    }
    try (BlobFs fs =
        exists && !force ? BlobFs.open(options.build()) : BlobFs.format(options.build())) {
      final BlobFsStats stats = fs.stats();
      io.out()
          .printf(
              Locale.ROOT,
              "%s: new file system of %s (%s free)%n",
              arguments.device(),
              ByteSize.format(stats.totalBytes()),
              ByteSize.format(stats.freeBytes()));
    }
    return Main.EXIT_OK;
  }

  private void refuseFileSystem() {
    try (BlobFs old = arguments.openReadOnly()) {
      throw new CliException(
          arguments.device()
              + " holds a file system with "
              + old.stats().files()
              + " files already; --force destroys it");
    } catch (final WrongFormatException e) {
      return;
    }
  }
}
