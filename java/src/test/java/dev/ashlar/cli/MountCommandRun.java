package dev.ashlar.cli;

import java.io.IOException;
import java.nio.file.Path;

/** {@code ashlar mount} in a process of its own. */
public final class MountCommandRun {

  private MountCommandRun() {}

  /** Starts it; its standard output says when it has mounted. */
  public static Process start(final Path device, final Path folder) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Ddev.ashlar.library.path=" + System.getProperty("dev.ashlar.library.path"),
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "mount",
            device.toString(),
            folder.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }
}
