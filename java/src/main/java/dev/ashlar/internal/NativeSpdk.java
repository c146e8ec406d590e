package dev.ashlar.internal;

import dev.ashlar.BadConfigurationException;
import dev.ashlar.SpdkOptions;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** SPDK in this process: it runs as long as someone has a reference, or one of its bdevs open. */
public final class NativeSpdk {
  private static final String FILE_NAME = "libashlar_spdk.so";

  private static boolean loaded; // guarded by the class

  private NativeSpdk() {}

  /** Keeps SPDK running until it is closed; closing it again does nothing. */
  public static final class Reference implements AutoCloseable {
    private boolean held;

    private Reference(final boolean held) {
      this.held = held;
    }

    @Override
    public synchronized void close() {
      if (held) {
        held = false;
        Native.spdkStop();
      }
    }
  }

  /**
   * The answer to a call of one of SPDK's own methods.
   *
   * @param errorCode 0 if it succeeded; else of JSON-RPC, or the negative of an errno
   * @param text the result as JSON, or the message of the error
   */
  public record Reply(int errorCode, String text) {}

  /**
   * Starts SPDK, or joins it if it runs with these options.
   *
   * @param options of it; null: nothing happens
   * @return to be closed when what is opened with it has been closed
   * @throws BadConfigurationException if this build has no SPDK, or the options do not fit
   */
  public static Reference acquire(final @Nullable SpdkOptions options) {
    if (options == null) {
      return none();
    }
    load();
    final Path hugeDir = options.hugeDir();
    final Boolean interrupts = options.interrupts();
    Native.spdkStart(
        options.configuration(),
        options.coreMask(),
        options.memoryMib(),
        options.hugePages(),
        hugeDir == null ? "" : hugeDir.toAbsolutePath().toString(),
        interrupts == null ? -1 : interrupts ? 1 : 0);
    return new Reference(true);
  }

  /**
   * Keeps nothing running.
   *
   * @return a reference that does nothing
   */
  static Reference none() {
    return new Reference(false);
  }

  private static synchronized void load() {
    if (loaded) {
      return;
    }
    NativeLibrary.load();
    if (!NativeLibrary.useCompanion(FILE_NAME, file -> Native.spdkLoad(file.toString()))) {
      throw new BadConfigurationException(
          "this build of Ashlar has no SPDK ("
              + FILE_NAME
              + "): build it with -Dashlar.spdk=ON where SPDK is installed");
    }
    loaded = true;
  }

  /**
   * Whether SPDK runs.
   *
   * @return false also if it is not there
   */
  public static boolean isRunning() {
    synchronized (NativeSpdk.class) {
      if (!loaded) {
        return false;
      }
    }
    return Native.spdkRunning();
  }

  /**
   * Calls one of SPDK's own rpc methods. Blocks until SPDK has answered.
   *
   * @param method its name
   * @param params JSON, an object or array; empty: none
   * @return the answer
   * @throws dev.ashlar.StoreClosedException if SPDK does not run
   */
  public static Reply call(final String method, final String params) {
    NativeLibrary.load();
    final String[] answer = Native.spdkCall(method, params);
    return answer.length == 1
        ? new Reply(0, answer[0])
        : new Reply(Integer.parseInt(answer[0]), answer[1]);
  }
}
