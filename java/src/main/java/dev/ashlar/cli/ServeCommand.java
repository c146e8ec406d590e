package dev.ashlar.cli;

import dev.ashlar.AshlarRuntime;
import dev.ashlar.RpcServer;
import dev.ashlar.RuntimeOptions;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "serve",
    description =
        "Keeps bdevs, stores and mounts for the clients of a socket, such as SPDK's rpc.py, until a"
            + " signal (Ctrl-C) or spdk_kill_instance ends it.",
    mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {
  private final Io io;

  @Option(
      names = "--rpc",
      paramLabel = "SOCKET",
      required = true,
      description = "Unix socket, in a folder that is yours alone; the folder is made if missing.")
  private Path socket = Path.of("rpc.sock");

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Make the bdevs of a configuration in SPDK's JSON format first.")
  private @Nullable Path config;

  @ArgGroup(exclusive = false)
  private @Nullable SpdkArguments spdk;

  @Option(
      names = "--reactors",
      paramLabel = "N",
      description = "Number of reactor threads. Default: half the cores, at most 4")
  private int reactors;

  ServeCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws Exception {
    final RuntimeOptions.Builder options =
        RuntimeOptions.builder().reactors(reactors).rpcSocket(socket);
    if (spdk != null) {
      options.spdk(spdk.options(config));
    } else if (config != null) {
      AshlarRuntime.configure(config);
    }
    final RpcServer server = AshlarRuntime.serve(options.build());
    // A signal that ends this process unmounts and closes first.
    final Cleanup close = new Cleanup(server::close);
    io.out().println("serving " + socket);
    io.out().flush();
    server.await();
    close.run();
    return Main.EXIT_OK;
  }
}
