package dev.ashlar;

import dev.ashlar.internal.Arguments;
import dev.ashlar.internal.AshlarThread;
import dev.ashlar.internal.Bdev;
import dev.ashlar.internal.Bdevs;
import dev.ashlar.internal.NativeSpdk;
import dev.ashlar.internal.rpc.Configuration;
import dev.ashlar.internal.rpc.ProgramMethods;
import dev.ashlar.internal.rpc.Servers;
import java.nio.file.Path;
import java.util.List;

/**
 * What a process has once, whatever it opens: its named block devices (bdevs) and the methods of
 * its rpc socket.
 *
 * <pre>{@code
 * AshlarRuntime.configure(Path.of("rocksdb.json"));   // says bdev_malloc_create, name Malloc0
 * try (BlobFs fs = BlobFs.open(BlobFsOptions.builder()
 *         .device(Device.bdev("Malloc0")).createIfMissing(true).build())) { ... }
 * }</pre>
 *
 * <p>May be used by many threads at once.
 */
public final class AshlarRuntime {

  private AshlarRuntime() {}

  /**
   * Makes the bdevs of a configuration in SPDK's JSON format: in SPDK if it runs in this process,
   * else without it. {@code docs/rpc.md} has the methods that are understood then; all others are
   * refused, so nothing is misread silently.
   *
   * @param file the configuration
   * @throws NoSuchDeviceException if there is no such file
   * @throws BadConfigurationException if something in it is wrong; the message says where. Without
   *     SPDK nothing has changed then
   */
  public static void configure(final Path file) {
    AshlarThread.refuseBlocking("configure");
    Configuration.load(Arguments.notNull("file", file));
  }

  /**
   * Starts SPDK, or joins it if it runs with these options, and keeps it running until the process
   * ends. From here on bdevs are SPDK's: {@link Device#bdev} finds them whatever a store's {@link
   * RuntimeOptions} say, and {@link #configure} and the rpc socket make them. A program that needs
   * SPDK only while it has something open uses {@link RuntimeOptions.Builder#spdk} instead.
   *
   * @param options how
   * @throws BadConfigurationException if this build or this machine has no SPDK, the options do not
   *     fit it or those it was started with, or its configuration is wrong
   * @throws NativeMemoryException if there are not enough huge pages
   */
  public static void startSpdk(final SpdkOptions options) {
    AshlarThread.refuseBlocking("startSpdk");
    NativeSpdk.acquire(Arguments.notNull("options", options));
  }

  /**
   * Names of the bdevs that exist, without those of SPDK.
   *
   * @return in the order in which they were made
   */
  public static List<String> bdevs() {
    return Bdevs.all().stream().map(Bdev::name).toList();
  }

  /**
   * Deletes a bdev. What one in memory holds is lost; a file stays as it is.
   *
   * @param name of the bdev
   * @throws NoSuchDeviceException if there is none
   * @throws StoreBusyException if it is open
   */
  public static void deleteBdev(final String name) {
    Bdevs.delete(Arguments.notNull("name", name));
  }

  /**
   * Adds a method to the rpc sockets of this process, those that are served already too. It stays.
   *
   * @param name of the method, such as {@code myservice_get_stats}
   * @param method what answers it
   * @throws IllegalArgumentException if there is a method of that name
   */
  public static void register(final String name, final RpcMethod method) {
    ProgramMethods.register(Arguments.notNull("name", name), Arguments.notNull("method", method));
  }

  /**
   * Serves an rpc socket until the server is closed, and lets its clients end it. A program that
   * uses stores itself rather names the socket in {@link RuntimeOptions.Builder#rpcSocket}.
   *
   * @param options with an rpc socket; the rest says how the reactors run, if they do not yet
   * @return the server
   * @throws StoreBusyException if the socket is served already, by whomever
   * @throws BadConfigurationException if no socket is named, others could enter its folder, or
   *     something else has its name
   */
  public static RpcServer serve(final RuntimeOptions options) {
    AshlarThread.refuseBlocking("serve");
    final Path socket = options.rpcSocket();
    if (socket == null) {
      throw new BadConfigurationException("no rpc socket is named");
    }
    return new RpcServer(Servers.start(socket, options));
  }
}
