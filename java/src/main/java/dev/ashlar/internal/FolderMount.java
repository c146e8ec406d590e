package dev.ashlar.internal;

import dev.ashlar.AshlarException;
import dev.ashlar.StoreBusyException;
import dev.ashlar.UnsupportedDeviceException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A BlobFS of this process that is shown in a folder of the host: the kernel's requests are served
 * here, so that devices which exist in this process only can be mounted too, and those that are
 * open already.
 *
 * <p>If the process ends, the folder is given back first; if it is killed, the folder answers
 * ENOTCONN until it is unmounted or mounted again. May be used by many threads at once.
 */
public final class FolderMount implements Mount {
  private static final String LIBRARY = "libashlar_mount.so";
  private static final long RETRY_MILLIS = 200;

  private static boolean loaded; // guarded by the class

  private final long handle;
  private final String greeting;
  private final @Nullable NativeBlobFs owned;
  private final Thread hook = new Thread(this::endNow, "ashlar-unmount");
  private final CountDownLatch ended = new CountDownLatch(1);
  private boolean asked; // guarded by this
  private boolean closed; // guarded by this
  private volatile @Nullable RuntimeException failure;

  private FolderMount(
      final long handle, final String greeting, final @Nullable NativeBlobFs owned) {
    this.handle = handle;
    this.greeting = greeting;
    this.owned = owned;
  }

  /**
   * Mounts, and returns when the folder is there.
   *
   * @param fs what to show
   * @param folder where; exists and is empty
   * @param source shown by mount(8) and df
   * @param readOnly whether changes are refused
   * @param closeAfterwards whether {@code fs} is closed when the folder has been unmounted
   * @return the mount
   */
  public static FolderMount start(
      final NativeBlobFs fs,
      final Path folder,
      final String source,
      final boolean readOnly,
      final boolean closeAfterwards) {
    load();
    final String path = folder.toAbsolutePath().toString();
    final long handle = Native.mountStart(fs.handle(), path, source, readOnly);
    final FolderMount mount =
        new FolderMount(
            handle,
            source + " is mounted on " + path + (readOnly ? ", read-only" : ""),
            closeAfterwards ? fs : null);
    try {
      Runtime.getRuntime().addShutdownHook(mount.hook);
      final Thread server = new Thread(mount::serve, "ashlar-mount");
      server.setDaemon(true);
      server.start();
    } catch (final IllegalStateException | OutOfMemoryError e) { // the process ends, or is full
      Native.mountDetach(handle); // nobody must wait for a folder that is not served
      throw e;
    }
    return mount;
  }

  private static synchronized void load() {
    if (loaded) {
      return;
    }
    if (!NativeLibrary.useCompanion(LIBRARY, file -> Native.mountLoad(file.toString()))) {
      throw new UnsupportedDeviceException(
          "this build of Ashlar was made without FUSE: install libfuse3-dev and build it again");
    }
    loaded = true;
  }

  private void serve() {
    try {
      Native.mountServe(handle);
    } catch (final RuntimeException e) {
      failure = e;
    }
    closeFiles();
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (final IllegalStateException e) {
      return; // the process is ending
    }
  }

  private synchronized void closeFiles() {
    if (owned == null || closed) {
      return;
    }
    closed = true;
    try {
      owned.close();
    } catch (final RuntimeException e) {
      failure = e;
    }
  }

  @Override
  public String greeting() {
    return greeting;
  }

  @Override
  public boolean isAlive() {
    return ended.getCount() > 0;
  }

  @Override
  public synchronized void askToEnd() {
    if (!asked) {
      asked = true;
      final Thread waiter = new Thread(this::unmountWhenIdle, "ashlar-unmount");
      waiter.setDaemon(true);
      waiter.start();
    }
  }

  private void unmountWhenIdle() {
    boolean busy = true;
    while (busy && isAlive()) {
      try {
        Native.mountUnmount(handle);
        busy = false;
      } catch (final StoreBusyException e) {
        awaitEnd(RETRY_MILLIS);
      } catch (final AshlarException e) {
        busy = false; // somebody else was faster, or will have to do it
      }
    }
  }

  /**
   * Ends it at once: the folder is taken away, and everything written is made durable. Programs
   * that have something in it open get errors from then on.
   */
  public void endNow() {
    try {
      Native.mountUnmount(handle);
      awaitEnd(Long.MAX_VALUE);
    } catch (final AshlarException e) {
      detach();
    }
  }

  private void detach() {
    try {
      Native.mountDetach(handle);
    } catch (final AshlarException e) {
      failure = e;
    }
    closeFiles();
  }

  @Override
  public void await() {
    awaitEnd(Long.MAX_VALUE);
    final RuntimeException problem = failure;
    if (problem != null) {
      throw problem;
    }
  }

  private void awaitEnd(final long millis) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          if (ended.await(millis, TimeUnit.MILLISECONDS) || millis != Long.MAX_VALUE) {
            return;
          }
        } catch (final InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
