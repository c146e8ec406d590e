package dev.ashlar.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Files directly on a device; all it does is done by its subcommands. */
@Command(
    name = "fs",
    description = "Files directly on a device (BlobFS).",
    mixinStandardHelpOptions = true)
final class FsCommand implements Runnable {

  @Spec private CommandSpec spec;

  private FsCommand() {}

  static CommandLine withSubcommands(final Io io) {
    return new CommandLine(new FsCommand())
        .addSubcommand(new FsMkfsCommand(io))
        .addSubcommand(new FsLsCommand(io))
        .addSubcommand(new FsCatCommand(io))
        .addSubcommand(new FsPutCommand(io))
        .addSubcommand(new FsRmCommand(io))
        .addSubcommand(new FsMvCommand())
        .addSubcommand(new FsDfCommand(io))
        .addSubcommand(new FsStatCommand(io));
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no command is given");
  }
}
