package dev.ashlar.internal;

import dev.ashlar.BadConfigurationException;
import dev.ashlar.BlobFsOptions;
import dev.ashlar.UnsupportedDeviceException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The program {@code ashlar-fuse}, which serves one mount; see {@code cpp/fuse/main}.
 *
 * <p>It lies beside the native library and is found like it. Its standard input is held open as
 * long as this process lives, so that it unmounts when this process is gone, however it went.
 */
public final class MountProcess implements Mount {

  private static final String PROGRAM = "ashlar-fuse";
  private static final int FIRST_STATUS_CODE = 100;

  private static final Logger LOG = LoggerFactory.getLogger(MountProcess.class);

  private final Process process;
  private final String greeting;
  private final Thread errors = new Thread(this::readErrors, "ashlar-mount-log");
  private boolean logging; // guarded by this
  private @Nullable String lastError; // guarded by this

  private MountProcess(final List<String> command) throws IOException {
    process = new ProcessBuilder(command).start();
    errors.setDaemon(true);
    errors.start();
    final String line = process.inputReader().readLine();
    if (line == null) {
      throw failure(ended());
    }
    greeting = line;
    synchronized (this) {
      logging = true;
      if (lastError != null) {
        LOG.warn("{}", lastError);
      }
    }
  }

  /**
   * Mounts, and returns when the folder is there.
   *
   * @param options of the BlobFS
   * @param device of the BlobFS
   * @param folder to mount on
   * @return the process that serves it
   */
  public static MountProcess start(
      final BlobFsOptions options, final Path device, final Path folder) {
    final MountProcess[] started = new MountProcess[1];
    final boolean found =
        NativeLibrary.useCompanion(
            PROGRAM, program -> started[0] = start(program, options, device, folder));
    if (!found) {
      throw new UnsupportedDeviceException(
          "this build of Ashlar was made without FUSE: install libfuse3-dev and build it again");
    }
    return Objects.requireNonNull(started[0]);
  }

  private static MountProcess start(
      final Path program, final BlobFsOptions options, final Path device, final Path folder) {
    final List<String> command = new ArrayList<>(List.of(program.toString(), "--until-eof"));
    if (options.readOnly()) {
      command.add("--read-only");
    }
    if (options.writeBesideChunkStore()) {
      command.add("--beside-store");
    }
    if (!options.useIoUring()) {
      command.add("--no-io-uring");
    }
    if (!options.directIo()) {
      command.add("--no-direct-io");
    }
    command.addAll(List.of("--buffer-bytes", Long.toString(options.bufferBytes())));
    command.add(device.toAbsolutePath().toString());
    command.add(folder.toAbsolutePath().toString());
    try {
      return new MountProcess(command);
    } catch (final IOException e) {
      throw new BadConfigurationException(
          "cannot run "
              + program
              + ": "
              + e.getMessage()
              + "; if the folder is mounted without execute permission, name another with the"
              + " property "
              + NativeLibrary.FOLDER_PROPERTY,
          e);
    }
  }

  @Override
  public String greeting() {
    return greeting;
  }

  @Override
  public void askToEnd() {
    try {
      process.getOutputStream().close();
    } catch (final IOException e) {
      LOG.debug("its input was closed already", e);
    }
  }

  @Override
  public boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public void await() {
    final int code = ended();
    if (code != 0) {
      throw failure(code);
    }
  }

  private int ended() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          final int code = process.waitFor();
          errors.join();
          return code;
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

  private synchronized RuntimeException failure(final int exitCode) {
    final String what = lastError == null ? PROGRAM + " ended with code " + exitCode : lastError;
    final boolean hasStatus = ResultCode.of(exitCode - FIRST_STATUS_CODE) != null;
    final int status = hasStatus ? exitCode - FIRST_STATUS_CODE : ResultCode.IO_ERROR.number();
    return NativeErrors.toException(status, 0, what);
  }

  /** Before it has mounted they are the reason why it has not, later they are news. */
  private void readErrors() {
    try (BufferedReader reader = process.errorReader()) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        synchronized (this) {
          lastError = line;
          if (logging) {
            LOG.warn("{}", line);
          }
        }
      }
    } catch (final IOException e) {
      LOG.debug("{} has gone", PROGRAM, e);
    }
  }
}
