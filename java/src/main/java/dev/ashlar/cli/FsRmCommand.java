package dev.ashlar.cli;

import dev.ashlar.BlobFs;
import dev.ashlar.NoSuchBlobFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "rm",
    description = "Removes files. Goes on after a name that does not exist.",
    mixinStandardHelpOptions = true)
final class FsRmCommand implements Callable<Integer> {
  private final Io io;

  @Mixin private FsArguments arguments = new FsArguments();
  @Mixin private BesideStore beside = new BesideStore();

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "NAME",
      converter = FsArguments.Name.class,
      description = "Names of the files.")
  private List<String> names = new ArrayList<>();

  FsRmCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() {
    int code = Main.EXIT_OK;
    try (BlobFs fs = arguments.open(beside)) {
      for (final String name : names) {
        try {
          fs.delete(name);
        } catch (final NoSuchBlobFileException e) {
          io.err().println("ashlar: " + Errors.describe(e));
          code = Main.EXIT_FAILED;
        }
      }
    }
    return code;
  }
}
