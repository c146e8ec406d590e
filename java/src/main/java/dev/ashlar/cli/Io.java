package dev.ashlar.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a command reads and writes.
 *
 * @param in standard input
 * @param out results
 * @param err errors, and progress
 * @param terminal whether {@code err} is watched by a person
 */
record Io(InputStream in, PrintStream out, PrintStream err, boolean terminal) {

  /** Those of this process; text is UTF-8 whatever the locale says. */
  static Io ofProcess() {
    return new Io(
        System.in,
        new PrintStream(System.out, false, StandardCharsets.UTF_8),
        new PrintStream(System.err, true, StandardCharsets.UTF_8),
        isTerminal(Path.of("/proc/self/fd/2")));
  }

  private static boolean isTerminal(final Path descriptor) {
    try {
      final String target = Files.readSymbolicLink(descriptor).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (final IOException e) {
      return false;
    }
  }
}
