package dev.ashlar.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the library gets out of the jar and into the process. */
class NativeLibraryTest {
  @TempDir Path folder;

  /** Opens a store with the library from the class path. */
  public static final class Child {

    private Child() {}

    /** Says where the library was loaded from, then ends without any cleaning up. */
    public static void main(final String[] args) throws IOException {
      ChunkStore.open(ChunkStoreOptions.builder().device(Device.memory(64L << 20)).build());
      try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
        maps.filter(line -> line.contains("libashlar_jni")).forEach(System.out::println);
      }
      System.out.flush();
      Runtime.getRuntime().halt(0);
    }
  }

  private ChildJvm child(final Path temporary, final String... more) throws IOException {
    final List<String> options =
        Stream.concat(Stream.of(more), Stream.of("-Ddev.ashlar.tmpdir=" + temporary)).toList();
    return ChildJvm.startWithoutLibrary(folder, Child.class, options, List.of());
  }

  private static List<Path> filesIn(final Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  @Test
  void anExtractedLibraryHasANameOfItsOwnAndIsGoneBeforeTheProcessIs() throws Exception {
    final Path temporary = Files.createDirectory(folder.resolve("tmp"));
    final List<String> loaded = child(temporary).end();
    assertThat(loaded).isNotEmpty().allMatch(line -> line.endsWith("(deleted)"));
    assertThat(loaded.get(0)).containsPattern("/tmp/ashlar-[0-9]+/libashlar_jni.so");
    assertThat(filesIn(temporary)).isEmpty();
    assertThat(child(temporary).end().get(0)).isNotEqualTo(loaded.get(0));
  }

  @Test
  void aFolderThatForbidsExecutionGivesAnErrorThatNamesTheProperty() throws Exception {
    final Path forbidding = Files.createDirectory(folder.resolve("noexec"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "noexec,size=64m", "tmpfs", forbidding.toString()) == 0,
        "mounting needs root");
    try {
      // RocksDB is loaded from elsewhere: this is about our own library.
      final String refused =
          ChildJvm.startWithoutLibrary(
                  folder, LoadOnly.class, List.of("-Ddev.ashlar.tmpdir=" + forbidding), List.of())
              .fail();
      assertThat(refused)
          .contains("BadConfigurationException", "libashlar_jni.so", "dev.ashlar.tmpdir");
      assertThat(filesIn(forbidding)).isEmpty();
    } finally {
      run("umount", "-l", forbidding.toString());
    }
  }

  /** Probes a device, for which our library is needed and RocksDB is not. */
  public static final class LoadOnly {

    private LoadOnly() {}

    /** Probes a device that is not there. */
    public static void main(final String[] args) {
      dev.ashlar.internal.NativeStoreDevice.probe(
          dev.ashlar.Device.file(java.nio.file.Path.of("/nowhere")));
    }
  }

  @Test
  void aMachineWithoutALibraryForItIsNamedAndSoIsTheRemedy() throws Exception {
    final Path temporary = Files.createDirectory(folder.resolve("tmp"));
    final String refused =
        ChildJvm.startWithoutLibrary(
                folder,
                LoadOnly.class,
                List.of("-Ddev.ashlar.tmpdir=" + temporary, "-Dos.arch=aarch64"),
                List.of())
            .fail();
    assertThat(refused)
        .contains("BadConfigurationException", "linux-aarch64", "dev.ashlar.library.path");
  }

  private static int run(final String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor();
  }
}
