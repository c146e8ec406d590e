package dev.ashlar.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process with a main class of the tests. What it writes goes to files, which keep all of it
 * whatever becomes of the process; a pipe is closed by the call that kills.
 */
final class ChildJvm {
  private final Process process;
  private final Path output;
  private final Path errors;

  private ChildJvm(final Process process, final Path output, final Path errors) {
    this.process = process;
    this.output = output;
    this.errors = errors;
  }

  /** Starts one that loads the library of the tests; its files go to a folder. */
  static ChildJvm start(
      final Path folder,
      final Class<?> main,
      final List<String> options,
      final List<String> arguments)
      throws IOException {
    final List<String> all = new ArrayList<>(options);
    all.add("-Ddev.ashlar.library.path=" + System.getProperty("dev.ashlar.library.path"));
    return startWithoutLibrary(folder, main, all, arguments);
  }

  /** Starts one that finds its library as users do. */
  static ChildJvm startWithoutLibrary(
      final Path folder,
      final Class<?> main,
      final List<String> options,
      final List<String> arguments)
      throws IOException {
    final List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (Runtime.version().feature() >= 22) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    final Path output = folder.resolve("output");
    final Path errors = folder.resolve("errors");
    final Process process =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    return new ChildJvm(process, output, errors);
  }

  /** For the main class: its process ends when the one that started it does. */
  static void endWithParent() {
    final Thread watch =
        new Thread(
            () -> {
              try {
                while (System.in.read() >= 0) {}
              } catch (final IOException e) {
                // the same as the end
              }
              Runtime.getRuntime().halt(3);
            });
    watch.setDaemon(true);
    watch.start();
  }

  /** Waits until it has written so many lines, or has ended. */
  void awaitLines(final int count) throws IOException, InterruptedException {
    while (lines().size() < count && process.isAlive()) {
      Thread.sleep(1);
    }
  }

  /** Kills it, which must be running, with SIGKILL; returns all its lines. */
  List<String> kill() throws IOException, InterruptedException {
    final boolean endedItself = !process.isAlive();
    process.destroyForcibly().waitFor();
    assertThat(endedItself).as("ended itself: %s", Files.readString(errors)).isFalse();
    return lines();
  }

  /** Waits for its end by an exception; returns what it wrote to its standard error. */
  String fail() throws IOException, InterruptedException {
    return end(1);
  }

  /** Waits for its end with that code; returns what it wrote to its standard error. */
  String end(final int code) throws IOException, InterruptedException {
    assertThat(process.waitFor()).isEqualTo(code);
    return Files.readString(errors);
  }

  /** Waits for its end, which must be a good one; returns all its lines. */
  List<String> end() throws IOException, InterruptedException {
    assertThat(process.waitFor()).as("exit code: %s", Files.readString(errors)).isZero();
    return lines();
  }

  /** Whole lines only: the process may have died in the middle of one. */
  private List<String> lines() throws IOException {
    final String all = Files.readString(output, StandardCharsets.US_ASCII);
    return all.substring(0, all.lastIndexOf('\n') + 1).lines().toList();
  }
}
