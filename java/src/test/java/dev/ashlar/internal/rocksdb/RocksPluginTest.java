package dev.ashlar.internal.rocksdb;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.BlobFs;
import dev.ashlar.BlobFsOptions;
import dev.ashlar.Device;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/** Each case in a process of its own, since a plug-in is loaded once. */
class RocksPluginTest {

  private static final String VERSION = loadedVersion();

  /** RocksDB's jars changed their layout of strings between 9.10 and 11.8. */
  private static final boolean OLD_STRINGS = RocksDB.rocksdbVersion().getMajor() < 10;

  private static final String STRINGS = OLD_STRINGS ? "gcc4" : "cxx11";
  private static final String RIGHT = "libashlar_rocksdb-" + VERSION + "-" + STRINGS + ".so";
  private static final String OTHER_STRINGS =
      "libashlar_rocksdb-" + VERSION + "-" + (OLD_STRINGS ? "cxx11" : "gcc4") + ".so";

  private static String loadedVersion() {
    RocksLibrary.load();
    final RocksDB.Version version = RocksDB.rocksdbVersion();
    return version.getMajor() + "." + version.getMinor() + "." + version.getPatch();
  }

  @TempDir private Path folder;

  /** What a child process does. */
  public static final class Child {

    private Child() {}

    /** Opens a database; with an argument it leaves while threads write. */
    public static void main(final String[] args) throws Exception {
      final BlobFs fs =
          BlobFs.open(BlobFsOptions.builder().device(Device.memory(64L << 20)).build());
      final Options options = new Options().setCreateIfMissing(true).setWriteBufferSize(64 << 10);
      final RocksDB db = RocksDB.open(options.setEnv(fs.rocksEnv()), "/db");
      db.put("k".getBytes(UTF_8), "v".getBytes(UTF_8));
      System.out.println("got " + new String(db.get("k".getBytes(UTF_8)), UTF_8));
      if (args.length > 0) {
        writeWithoutEnd(db);
        System.exit(7);
      }
      db.close();
      fs.close();
    }

    private static void writeWithoutEnd(final RocksDB db) throws InterruptedException {
      final var begun = new CountDownLatch(1000);
      final Thread writer =
          new Thread(
              () -> {
                try {
                  for (int i = 0; ; i++) {
                    db.put(("k" + i % 1000).getBytes(UTF_8), new byte[2000]);
                    begun.countDown();
                  }
                } catch (final RocksDBException e) {
                  System.out.println(e.getMessage());
                }
              });
      writer.setDaemon(true);
      writer.start();
      begun.await();
    }
  }

  private record Ended(int code, String text) {}

  private static Ended child(final Path library, final String... args)
      throws IOException, InterruptedException {
    final var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Ddev.ashlar.library.path=" + library,
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName()));
    command.addAll(List.of(args));
    final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    final String text = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Ended(process.waitFor(), text);
  }

  private static Path library() {
    return Path.of(System.getProperty("dev.ashlar.library.path"));
  }

  /** Puts the core, and under the right name of a plug-in something else, into the folder. */
  private Ended childWith(final InputStream plugin) throws Exception {
    final Path core = Files.copy(library(), folder.resolve("libashlar_jni.so"));
    Files.copy(plugin, folder.resolve(RIGHT));
    return child(core);
  }

  private static InputStream resource(final String name) {
    return RocksPluginTest.class.getResourceAsStream("/META-INF/native/linux-x86_64/" + name);
  }

  @Test
  void pluginIsFoundBesideALibraryThatComesFromElsewhere() throws Exception {
    final Ended ended = child(library());
    assertThat(ended.text).contains("got v");
    assertThat(ended.code).isZero();
  }

  @Test
  void pluginForOtherStringsIsRefused() throws Exception {
    final Ended ended = childWith(resource(OTHER_STRINGS));
    assertThat(ended.code).isEqualTo(1);
    assertThat(ended.text)
        .contains("BadConfigurationException", "does not fit RocksDB " + VERSION, STRINGS, RIGHT);
  }

  @Test
  void libraryThatIsNoPluginIsRefused() throws Exception {
    final Ended ended = childWith(Files.newInputStream(library()));
    assertThat(ended.code).isEqualTo(1);
    assertThat(ended.text).contains("BadConfigurationException", "is no RocksDB plug-in");
  }

  @Test
  void processMayEndWhileADatabaseIsBusy() throws Exception {
    final Ended ended = child(library(), "leave");
    assertThat(ended.text).contains("got v");
    assertThat(ended.code).isEqualTo(7);
  }
}
