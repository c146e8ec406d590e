package dev.ashlar.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Entry point of the {@code ashlar} command. */
public final class Main {

  /** The operation was done. */
  static final int EXIT_OK = 0;

  /** The operation failed. */
  static final int EXIT_FAILED = 1;

  /** The command line is wrong; nothing was done. */
  static final int EXIT_USAGE = 2;

  private static final String LOG_LEVEL = "org.slf4j.simpleLogger.defaultLogLevel";

  private Main() {}

  /**
   * Runs one command and exits with its code.
   *
   * @param args the command and its arguments
   */
  public static void main(final String[] args) {
    if (System.getProperty(LOG_LEVEL) == null) {
      System.setProperty(LOG_LEVEL, "warn");
    }
    final Io io = Io.ofProcess();
    final int code = run(io, args);
    io.out().flush();
    System.exit(code);
  }

  /**
   * Runs one command.
   *
   * @return 0 done, 1 failed, 2 wrong usage
   */
  static int run(final Io io, final String... args) {
    final AshlarCommand root = new AshlarCommand();
    final CommandLine cli = new CommandLine(root);
    cli.addSubcommand(new MkfsCommand(io));
    cli.addSubcommand(new InfoCommand(io));
    cli.addSubcommand(new PutCommand(io));
    cli.addSubcommand(new GetCommand(io));
    cli.addSubcommand(new LsCommand(io));
    cli.addSubcommand(new StatCommand(io));
    cli.addSubcommand(new RmCommand(io));
    cli.addSubcommand(FsCommand.withSubcommands(io));
    cli.addSubcommand(new MountCommand(io));
    cli.addSubcommand(new BenchCommand(io));
    cli.addSubcommand(new ServeCommand(io));
    cli.addSubcommand(new QuickstartCommand(io));
    cli.addSubcommand(new CommandLine.HelpCommand());
    cli.setOut(new PrintWriter(io.out(), true));
    cli.setErr(new PrintWriter(io.err(), true));
    cli.setParameterExceptionHandler((error, given) -> usage(io, error));
    cli.setExecutionExceptionHandler((error, command, parsed) -> failed(io, root, error));
    final int code = cli.execute(args);
    io.out().flush();
    return code == EXIT_OK && io.out().checkError() ? EXIT_FAILED : code;
  }

  private static int usage(final Io io, final ParameterException error) {
    final String command = error.getCommandLine().getCommandSpec().qualifiedName();
    io.err()
        .println("ashlar: " + Errors.oneLine(error.getMessage()) + " (see " + command + " --help)");
    return EXIT_USAGE;
  }

  private static int failed(final Io io, final AshlarCommand root, final Exception error) {
    final Throwable cause = Errors.unwrap(error);
    io.out().flush();
    io.err().println("ashlar: " + Errors.describe(cause));
    if (root.debug) {
      cause.printStackTrace(io.err());
    }
    // What the library refuses as an argument was one of the command line.
    return cause instanceof IllegalArgumentException ? EXIT_USAGE : EXIT_FAILED;
  }
}
