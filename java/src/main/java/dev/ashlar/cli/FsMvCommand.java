package dev.ashlar.cli;

import dev.ashlar.BlobFs;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "mv",
    description = "Renames a file in one atomic step. One that has the new name is replaced.",
    mixinStandardHelpOptions = true)
final class FsMvCommand implements Callable<Integer> {

  @Mixin private FsArguments arguments = new FsArguments();
  @Mixin private BesideStore beside = new BesideStore();

  @Parameters(
      index = "1",
      paramLabel = "FROM",
      converter = FsArguments.Name.class,
      description = "Name of the file.")
  private String from = "/";

  @Parameters(
      index = "2",
      paramLabel = "TO",
      converter = FsArguments.Name.class,
      description = "Its new name.")
  private String to = "/";

  @Override
  public Integer call() {
    try (BlobFs fs = arguments.open(beside)) {
      fs.rename(from, to);
    }
    return Main.EXIT_OK;
  }
}
