package dev.ashlar.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuickstartTest {

  @TempDir private Path folder;

  private Path source() throws IOException {
    final Path source =
        Files.createDirectories(folder.resolve("source/deep/er")).getParent().getParent();
    final SplittableRandom random = new SplittableRandom(1);
    final int[] sizes = {0, 1, 4096, 5000, 1 << 20, (3 << 20) + 17, 9, 70_000};
    for (int i = 0; i < sizes.length; i++) {
      final byte[] bytes = new byte[sizes[i]];
      for (int at = 0; at < bytes.length; at++) {
        bytes[at] = (byte) random.nextInt();
      }
      Files.write(source.resolve(i % 2 == 0 ? "file " + i : "deep/er/f\u00efle" + i), bytes);
    }
    Files.createSymbolicLink(source.resolve("link"), Path.of("file 0"));
    return source;
  }

  private static Set<Path> temporaries() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("ashlar-quickstart-"))
          .collect(Collectors.toSet());
    }
  }

  @Test
  void filesOfAFolderAreStoredComparedAndHalfRemoved() throws IOException {
    final Set<Path> before = temporaries();
    final String table = Cli.run("quickstart", source()).ok().text();
    assertThat(table)
        .contains("write, durable", "open again", "SHA-256", "remove every second", "MiB/s")
        .contains("Every chunk is what its file is")
        .doesNotContain("DIFFERENT");
    assertThat(temporaries()).isEqualTo(before);
  }

  @Test
  void storeIsKeptWhereItWasAskedFor() throws IOException {
    final Path store = folder.resolve("kept");
    final Path source = source();
    final String json = Cli.run("quickstart", source, "--store", store, "--json").ok().text();
    assertThat(json).contains("\"allWell\":true", "\"chunks\":8", "\"differences\":[]");
    assertThat(Cli.run("ls", store).ok().text().lines()).hasSize(4);
    Cli.run("quickstart", source, "--store", store).failed(1, store.toString());
  }

  @Test
  void folderThatIsMissingOrEmptyIsTold() throws IOException {
    Cli.run("quickstart", folder.resolve("none")).failed(1, "there is no folder");
    Cli.run("quickstart", folder).failed(1, "there is no file");
  }

  @Test
  void differencesAreShownAndCountAsFailure() {
    final QuickstartReport report = new QuickstartReport(folder, folder);
    report.difference("chunk a#0 has another SHA-256 than its file");
    final var bytes = new java.io.ByteArrayOutputStream();
    final var out = new java.io.PrintStream(bytes, true);
    report.print(out);
    assertThat(report.allWell()).isFalse();
    assertThat(bytes.toString())
        .contains("DIFFERENT: chunk a#0 has another SHA-256")
        .contains("1 differences")
        .doesNotContain("Every chunk");
  }

  @Test
  void progressIsShownOnATerminalOnly() throws IOException {
    final Path source = source();
    assertThat(Cli.run("quickstart", source).ok().err()).isEmpty();
    final Cli.Result watched = Cli.runOnTerminal("quickstart", source);
    assertThat(watched.code()).isZero();
    assertThat(watched.err()).contains("\rwrite", "[", "%", "/s").doesNotContain("\n");
    assertThat(watched.text()).doesNotContain("\r");
  }
}
