package dev.ashlar.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkspaceTest {

  @Test
  void nothingIsLeft(@TempDir final Path parent) throws Exception {
    final Path folder;
    try (Workspace workspace = Workspace.in(parent)) {
      folder = workspace.folder();
      Files.createDirectories(folder.resolve("a/b"));
      Files.writeString(folder.resolve("a/b/c"), "x");
      workspace.clear();
      assertThat(folder).isEmptyDirectory();
      Files.writeString(folder.resolve("d"), "x");
    }
    assertThat(folder).doesNotExist();
    assertThat(parent).isEmptyDirectory();
  }
}
