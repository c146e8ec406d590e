package dev.ashlar.cli;

import dev.ashlar.BlobFs;
import dev.ashlar.BlobFsOptions;
import dev.ashlar.BlobFsStats;
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
    try (BlobFs fs = NewFileSystem.make(options, arguments.device().device(), force)) {
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
}
