package dev.ashlar.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process with a main class of the tests; what it writes to its standard output is kept. */
final class ChildJvm {
  private final Process process;
  private final Pipe pipe;
  private final Path errors;

  private ChildJvm(final Process process, final Path errors) {
    this.process = process;
    this.pipe = new Pipe(process.getInputStream());
    this.errors = errors;
  }

  /** Starts one that loads the library of the tests; its standard error goes to a file. */
  static ChildJvm start(
      final Path errors,
      final Class<?> main,
      final List<String> options,
      final List<String> arguments)
      throws IOException {
    final List<String> all = new ArrayList<>(options);
    all.add("-Ddev.ashlar.library.path=" + System.getProperty("dev.ashlar.library.path"));
    return startWithoutLibrary(errors, main, all, arguments);
  }

  /** Starts one that finds its library as users do. */
  static ChildJvm startWithoutLibrary(
      final Path errors,
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
    return new ChildJvm(new ProcessBuilder(command).redirectError(errors.toFile()).start(), errors);
  }

  /** Waits until it has written so many lines, or has ended. */
  void awaitLines(final int count) throws InterruptedException {
    pipe.awaitLines(count);
  }

  /** Kills it, which must be running, with SIGKILL; returns all its lines. */
  List<String> kill() throws IOException, InterruptedException {
    final boolean endedItself = !process.isAlive();
    process.destroyForcibly().waitFor();
    assertThat(endedItself).as("ended itself: %s", Files.readString(errors)).isFalse();
    return pipe.lines();
  }

  /** Waits for its end by an exception; returns what it wrote to its standard error. */
  String fail() throws IOException, InterruptedException {
    assertThat(process.waitFor()).isEqualTo(1);
    return Files.readString(errors);
  }

  /** Waits for its end, which must be a good one; returns all its lines. */
  List<String> end() throws IOException, InterruptedException {
    assertThat(process.waitFor()).as("exit code: %s", Files.readString(errors)).isZero();
    return pipe.lines();
  }
}
