package dev.ashlar.internal;

/** A daemon thread of the library. Calls that block are refused on it instead of hanging. */
public final class AshlarThread extends Thread {

  /**
   * Makes a thread, not started yet.
   *
   * @param name of the thread
   * @param body what it runs
   */
  public AshlarThread(final String name, final Runnable body) {
    super(null, body, name, 0, false);
    setDaemon(true);
  }

  /**
   * Whether the caller runs on a thread of the library.
   *
   * @return true on such a thread
   */
  public static boolean isCurrent() {
    return Thread.currentThread() instanceof AshlarThread;
  }

  /**
   * Refuses blocking calls on threads of the library, which would wait for themselves.
   *
   * @param call name of the blocking call
   * @throws IllegalStateException on a thread of the library
   */
  public static void refuseBlocking(final String call) {
    if (isCurrent()) {
      throw new IllegalStateException(
          call
              + " waits, and "
              + Thread.currentThread().getName()
              + " must not: use the asynchronous call, or give the store a callbackExecutor");
    }
  }
}
