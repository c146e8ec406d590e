package dev.ashlar.bench.measure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder of its own for the files of a run. It is removed on close, and also when the process is
 * told to end.
 */
public final class Workspace implements AutoCloseable {

  private final Path folder;
  private final Thread hook = new Thread(this::removeQuietly, "bench-workspace");

  private Workspace(final Path folder) {
    this.folder = folder;
  }

  /**
   * Makes the folder.
   *
   * @param parent an existing folder, on the file system to measure
   * @return the workspace
   * @throws IOException if it cannot be made
   */
  public static Workspace in(final Path parent) throws IOException {
    final Workspace workspace = new Workspace(Files.createTempDirectory(parent, "ashlar-bench-"));
    Runtime.getRuntime().addShutdownHook(workspace.hook);
    return workspace;
  }

  /**
   * The folder.
   *
   * @return its path
   */
  public Path folder() {
    return folder;
  }

  /**
   * Removes everything in the folder; each row starts in an empty one.
   *
   * @throws IOException if something cannot be removed
   */
  public void clear() throws IOException {
    for (final Path path : content()) {
      if (!path.equals(folder)) {
        Files.deleteIfExists(path);
      }
    }
  }

  @Override
  public void close() throws IOException {
    Runtime.getRuntime().removeShutdownHook(hook);
    clear();
    Files.delete(folder);
  }

  private List<Path> content() throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      return paths.sorted(Comparator.reverseOrder()).toList();
    } catch (final NoSuchFileException e) {
      return List.of();
    }
  }

  /** The process ends: other threads may still make files, so a failed attempt is repeated. */
  private void removeQuietly() {
    for (int attempt = 0; attempt < 3; attempt++) {
      try {
        clear();
        Files.deleteIfExists(folder);
        return;
      } catch (final IOException | UncheckedIOException e) {
        continue;
      }
    }
    System.err.println("scripts/bench: could not remove " + folder);
  }
}
