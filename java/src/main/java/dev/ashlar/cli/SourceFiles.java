package dev.ashlar.cli;

import dev.ashlar.ChunkKey;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The regular files of a folder and of all below it; links are not followed. */
final class SourceFiles {

  /** A file and the chunk it becomes. */
  record SourceFile(Path path, ChunkKey key, long sizeBytes) {}

  private SourceFiles() {}

  /** In the order of their paths. */
  static List<SourceFile> of(final Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new CliException("there is no folder " + folder);
    }
    final Path root = folder.toRealPath();
    final List<SourceFile> files = new ArrayList<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(final Path file, final BasicFileAttributes attributes) {
            if (attributes.isRegularFile()) {
              files.add(
                  new SourceFile(
                      file, keyOf(root.relativize(file), files.size()), attributes.size()));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    files.sort(Comparator.comparing(SourceFile::path));
    return files;
  }

  /** The path below the folder; a number where that is no possible id. */
  private static ChunkKey keyOf(final Path relative, final int number) {
    try {
      return ChunkKey.of(relative.toString());
    } catch (final IllegalArgumentException e) {
      return ChunkKey.of("/unnamed", number); // no relative path begins with a slash
    }
  }
}
