package dev.ashlar.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command itself; all it does is done by its subcommands. */
@Command(
    name = "ashlar",
    description = "A crash-consistent chunk store on a file or block device.",
    mixinStandardHelpOptions = true,
    version = "ashlar 0.1.0",
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:done", "1:the operation failed", "2:wrong usage"})
final class AshlarCommand implements Runnable {

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "With an error, show where it comes from.")
  boolean debug;

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no command is given");
  }
}
