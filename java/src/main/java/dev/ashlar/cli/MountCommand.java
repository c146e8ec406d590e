package dev.ashlar.cli;

import dev.ashlar.BlobFsMount;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "mount",
    description =
        "Shows the files of a device in a folder, until a signal (Ctrl-C) or umount ends it.",
    mixinStandardHelpOptions = true)
final class MountCommand implements Callable<Integer> {
  private final Io io;

  @Mixin private FsArguments arguments = new FsArguments();
  @Mixin private BesideStore beside = new BesideStore();

  @Parameters(index = "1", paramLabel = "FOLDER", description = "Where; must exist and be empty.")
  private Path folder = Path.of(".");

  @Option(names = "--read-only", description = "Refuse changes; nothing is written.")
  private boolean readOnly;

  MountCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() {
    final BlobFsMount mount =
        BlobFsMount.start(beside.applyTo(arguments.options()).readOnly(readOnly).build(), folder);
    // A signal that ends this process ends the mount first, in order.
    final Cleanup unmount = new Cleanup(mount::close);
    io.out().println(mount.description());
    io.out().flush();
    try {
      mount.await();
    } finally {
      unmount.cancel();
    }
    return Main.EXIT_OK;
  }
}
