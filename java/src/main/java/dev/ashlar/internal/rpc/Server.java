package dev.ashlar.internal.rpc;

import dev.ashlar.RuntimeOptions;
import dev.ashlar.internal.NativeSpdk;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rpc server: a socket, its clients, and what it has opened for them. May be used by many
 * threads at once.
 */
public final class Server implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Server.class);
  private static final long ACCEPT_PAUSE_MILLIS = 100;

  private final SocketFile socket;
  private final Limits limits;
  private final NativeSpdk.Reference spdk;
  private final Holdings holdings;
  private final Dispatcher dispatcher;
  private final Set<Connection> clients = ConcurrentHashMap.newKeySet();
  private final CountDownLatch ending = new CountDownLatch(1);
  private final Thread acceptor = daemon(this::accept, "ashlar-rpc");
  private final Thread watcher = daemon(this::watch, "ashlar-rpc-idle");
  private boolean closed; // guarded by this

  private Server(
      final SocketFile socket,
      final NativeSpdk.Reference spdk,
      final Limits limits,
      final RuntimeOptions runtime,
      final boolean mayEnd) {
    this.socket = socket;
    this.spdk = spdk;
    this.limits = limits;
    this.holdings = new Holdings(runtime);
    this.dispatcher =
        new Dispatcher(
            builtIn(holdings, ending::countDown, mayEnd).addSource(ProgramMethods.INSTANCE));
  }

  private static Methods builtIn(
      final Holdings holdings, final Runnable end, final boolean mayEnd) {
    final Methods methods = ProcessMethods.addTo(new Methods(), end, mayEnd);
    Configuration.addOfTargetsTo(methods);
    BlobFsMethods.addTo(methods, holdings);
    return StoreMethods.addTo(methods, holdings).addSource(TargetMethods.INSTANCE);
  }

  /** Whether every server has a method of that name. */
  static boolean isBuiltIn(final String name) {
    return builtIn(new Holdings(RuntimeOptions.defaults()), () -> {}, false).names().contains(name);
  }

  /**
   * Starts a server.
   *
   * @param path of its socket
   * @param runtime how reactors run, if they do not yet
   * @param mayEnd whether clients may end it
   * @return the server
   */
  static Server start(final Path path, final RuntimeOptions runtime, final boolean mayEnd) {
    return start(path, runtime, mayEnd, Limits.DEFAULT);
  }

  static Server start(
      final Path path, final RuntimeOptions runtime, final boolean mayEnd, final Limits limits) {
    // As long as it serves, so that its clients' bdevs stay.
    final NativeSpdk.Reference spdk = NativeSpdk.acquire(runtime.spdk());
    try {
      final Server server = new Server(SocketFile.open(path), spdk, limits, runtime, mayEnd);
      server.acceptor.start();
      server.watcher.start();
      return server;
    } catch (final RuntimeException | Error e) {
      spdk.close();
      throw e;
    }
  }

  private static Thread daemon(final Runnable body, final String name) {
    final Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    return thread;
  }

  // --- clients -----------------------------------------------------------------------------------

  private void accept() {
    while (socket.channel().isOpen()) {
      try {
        welcome(socket.channel().accept());
      } catch (final ClosedChannelException e) {
        return;
      } catch (final IOException | RuntimeException e) {
        LOG.warn("no client can be accepted: {}", e.toString());
        pause(); // such as for want of descriptors
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(ACCEPT_PAUSE_MILLIS);
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void welcome(final SocketChannel client) throws IOException {
    final Connection connection = new Connection(client, dispatcher);
    boolean served = false;
    try {
      if (clients.size() < limits.clients() && isOurUser(client)) {
        clients.add(connection);
        daemon(() -> serve(connection), "ashlar-rpc-client").start();
        served = true;
      }
    } catch (final OutOfMemoryError e) {
      LOG.warn("no thread for a client: {}", e.toString());
    } finally {
      if (!served) {
        clients.remove(connection);
        connection.hangUp();
      }
    }
  }

  private void serve(final Connection connection) {
    try {
      connection.run();
    } finally {
      clients.remove(connection);
    }
  }

  private boolean isOurUser(final SocketChannel client) throws IOException {
    final var peer = client.getOption(ExtendedSocketOptions.SO_PEERCRED);
    if (peer.user().equals(socket.owner())) {
      return true;
    }
    LOG.warn("user {} has no business at {}", peer.user(), socket.path());
    return false;
  }

  /** Hangs up on clients who let us wait. */
  private void watch() {
    final long idleNanos = limits.idle().toNanos();
    try {
      while (!ending.await(Math.max(1, limits.idle().toMillis() / 10), TimeUnit.MILLISECONDS)) {
        clients.stream().filter(client -> client.isIdle(idleNanos)).forEach(Connection::hangUp);
      }
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // --- the end -----------------------------------------------------------------------------------

  /**
   * Waits until it is closed, or a client wants that.
   *
   * @throws InterruptedException if the thread is interrupted
   */
  public void await() throws InterruptedException {
    ending.await();
  }

  /** Hangs up on all clients, unmounts and closes what it has opened for them. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    ending.countDown();
    try {
      socket.close();
    } catch (final IOException e) {
      LOG.warn("closing the rpc socket {} failed: {}", socket.path(), e.toString());
    }
    clients.forEach(Connection::hangUp);
    holdings.close();
    spdk.close();
  }
}
