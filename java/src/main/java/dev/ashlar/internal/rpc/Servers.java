package dev.ashlar.internal.rpc;

import dev.ashlar.RuntimeOptions;
import dev.ashlar.StoreBusyException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The servers of this process, by their sockets. */
public final class Servers {

  /** Gives a server back. */
  @FunctionalInterface
  public interface Reference extends AutoCloseable {
    @Override
    void close();
  }

  private static final class Shared {
    private final Server server;
    private int users;

    Shared(final Server server) {
      this.server = server;
    }
  }

  private static final Map<Path, Shared> SERVERS = new HashMap<>(); // guarded by the class

  private Servers() {}

  /**
   * For something that is opened with options: the server they name runs until the last of those
   * has been closed.
   *
   * @param options whose rpc socket may be null
   * @return to be closed, once
   */
  public static Reference acquire(final RuntimeOptions options) {
    final Path path = options.rpcSocket();
    if (path == null) {
      return () -> {};
    }
    final Path socket = path.toAbsolutePath().normalize();
    synchronized (Servers.class) {
      Shared shared = SERVERS.get(socket);
      if (shared == null) {
        shared = new Shared(Server.start(socket, options.withoutRpcSocket(), false));
        SERVERS.put(socket, shared);
      }
      shared.users++;
    }
    return () -> release(socket);
  }

  private static void release(final Path socket) {
    final Shared shared;
    synchronized (Servers.class) {
      shared = SERVERS.get(socket);
      if (shared == null || --shared.users > 0) {
        return;
      }
      SERVERS.remove(socket);
    }
    shared.server.close();
  }

  /**
   * Starts a server that its clients may end.
   *
   * @param socket where
   * @param options how reactors run, if they do not yet
   * @return the server
   * @throws StoreBusyException if the socket is served already
   */
  public static Server start(final Path socket, final RuntimeOptions options) {
    return Server.start(socket.toAbsolutePath().normalize(), options.withoutRpcSocket(), true);
  }
}
