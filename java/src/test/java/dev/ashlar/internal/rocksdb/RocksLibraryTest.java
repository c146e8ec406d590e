package dev.ashlar.internal.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ashlar.internal.metadata.MetadataOptions;
import dev.ashlar.internal.metadata.MetadataOptions.Mode;
import dev.ashlar.internal.metadata.MetadataPlace;
import dev.ashlar.internal.metadata.RocksMetadataStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RocksLibraryTest {

  @TempDir private Path folder;

  /** What a child process does. */
  public static final class Child {

    private Child() {}

    /** Opens metadata in memory, then kills itself if it is told to. */
    public static void main(final String[] args) {
      try (var store =
          RocksMetadataStore.open(
              new MetadataOptions(new MetadataPlace.Memory(), Mode.CREATE, 8 << 20))) {
        if (args.length > 0) {
          Runtime.getRuntime().halt(0);
        }
        store.getStore();
      }
    }
  }

  private record Ended(int code, String text) {}

  private static Ended run(final String... command) throws IOException, InterruptedException {
    final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    final String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), text);
  }

  private static Ended child(final Path temporary, final String... args)
      throws IOException, InterruptedException {
    final String[] command = {
      Path.of(System.getProperty("java.home"), "bin", "java").toString(),
      "-Ddev.ashlar.tmpdir=" + temporary,
      "-cp",
      System.getProperty("java.class.path"),
      Child.class.getName()
    };
    return run(Stream.concat(Stream.of(command), Stream.of(args)).toArray(String[]::new));
  }

  @Test
  void libraryIsLoadedFromADeletedFile() throws IOException {
    RocksLibrary.load();
    assertThat(Files.readAllLines(Path.of("/proc/self/maps")))
        .filteredOn(line -> line.contains("librocksdbjni"))
        .isNotEmpty()
        .allMatch(line -> line.endsWith("(deleted)"));
  }

  @Test
  void killedProcessLeavesNoLibraryBehind() throws Exception {
    final Ended killed = child(folder, "halt");
    assertThat(killed.code).as(killed.text).isZero();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void folderThatForbidsExecutionGivesAnErrorThatNamesTheProperty() throws Exception {
    final Path forbidding = Files.createDirectory(folder.resolve("noexec"));
    final Ended mounted =
        run("mount", "-t", "tmpfs", "-o", "noexec,size=64m", "tmpfs", forbidding.toString());
    assumeTrue(mounted.code == 0, "mounting needs root: " + mounted.text);
    try {
      final Ended refused = child(forbidding);
      assertThat(refused.code).isEqualTo(1);
      assertThat(refused.text)
          .contains("BadConfigurationException", "execute permission", "dev.ashlar.tmpdir");
      try (Stream<Path> files = Files.list(forbidding)) {
        assertThat(files).isEmpty();
      }
    } finally {
      run("umount", "-l", forbidding.toString());
    }
  }
}
