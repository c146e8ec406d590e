package dev.ashlar;

import dev.ashlar.internal.rpc.Server;

/** A served rpc socket, see {@link AshlarRuntime#serve}. May be used by many threads at once. */
public final class RpcServer implements AutoCloseable {

  private final Server server;

  RpcServer(final Server server) {
    this.server = server;
  }

  /**
   * Waits until it is closed, or a client asks for its end; it has to be closed then.
   *
   * @throws InterruptedException if the thread is interrupted
   */
  public void await() throws InterruptedException {
    server.await();
  }

  /**
   * Hangs up on all clients, unmounts what they have mounted and closes the stores they have
   * opened. Programs that have files of a mount open get errors from then on; what they have
   * written is durable. A second call does nothing.
   */
  @Override
  public void close() {
    server.close();
  }
}
