package dev.ashlar.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.testing.Eventually;
import dev.ashlar.testing.Seed;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandsTest {

  @TempDir private Path folder;
  private Path device;

  @BeforeEach
  void name() {
    device = folder.resolve("store.ashlar");
  }

  private void mkfs() {
    Cli.run("mkfs", device, "--size", "256M").ok();
  }

  private static byte[] randomBytes(final int length) {
    final byte[] bytes = new byte[length];
    Seed.random("CommandsTest").nextBytes(bytes);
    return bytes;
  }

  // --- usage -----------------------------------------------------------------------------------

  @Test
  void wrongUsageIsCode2AndOneLine() {
    Cli.run().failed(2, "no command");
    Cli.run("frobnicate").failed(2, "frobnicate");
    Cli.run("put", device).failed(2, "KEY", "FILE", "put --help");
    Cli.run("ls", device, "a", "b").failed(2);
    Cli.run("stat", device, "").failed(2, "id is empty");
    Cli.run("stat", device, "x#99999999999999999999").failed(2, "out of range");
    Cli.run("mkfs", device, "--size", "10Q").failed(2, "10Q");
    assertThat(device).doesNotExist();
  }

  @Test
  void helpIsCode0() {
    assertThat(Cli.run("--help").ok().text()).contains("mkfs", "quickstart", "wrong usage");
    assertThat(Cli.run("put", "--help").ok().text()).contains("FILE");
  }

  @Test
  void failuresAreCode1AndOneLineWithoutDebug() {
    Cli.run("ls", device).failed(1, device.toString());
    final Cli.Result debug = Cli.run("ls", device, "--debug");
    assertThat(debug.code()).isEqualTo(1);
    assertThat(debug.err()).contains("\tat dev.ashlar.");
    assertThat(device).doesNotExist();
  }

  // --- mkfs ------------------------------------------------------------------------------------

  @Test
  void newStoreIsEmpty() {
    assertThat(Cli.run("mkfs", device, "--size", "256M").ok().text())
        .contains(device.toString(), "256 MiB");
    assertThat(device).hasSize(256 << 20);
    assertThat(Cli.run("ls", device).ok().text()).isEmpty();
    assertThat(Cli.run("info", device).ok().text()).contains("256 MiB", "io", "none");
  }

  @Test
  void newFileNeedsASizeInRange() {
    Cli.run("mkfs", device).failed(1, "size");
    Cli.run("mkfs", device, "--size", "1M").failed(2, "size is 1048576");
    Cli.run("mkfs", device, "--size", "256M", "--cluster-size", "3M").failed(2, "power of two");
    assertThat(device).doesNotExist();
  }

  @Test
  void deviceThatHoldsAnythingIsRefusedUnlessForced() throws IOException {
    mkfs();
    Cli.runWith(new byte[10], "put", device, "a", "-").ok();
    Cli.run("mkfs", device).failed(1, device.toString(), "store");
    assertThat(Cli.run("ls", device).ok().text()).contains("a#0");
    Cli.run("mkfs", device, "--force").ok();
    assertThat(Cli.run("ls", device).ok().text()).isEmpty();

    final Path other = folder.resolve("other");
    Files.writeString(other, "x".repeat(32 << 20));
    Cli.run("mkfs", other).failed(1, other + " holds data of an unknown kind");
    assertThat(Files.readAllBytes(other)).containsOnly('x');
    Cli.run("ls", other).failed(1, other + " holds data of an unknown kind, not a store");
    assertThat(Files.readAllBytes(other)).containsOnly('x');
    assertThat(folder.resolve("other.meta")).doesNotExist();
  }

  @Test
  void mkfsNamesWhatItFound() throws IOException {
    final byte[] image = new byte[32 << 20];
    image[0x438] = 0x53;
    image[0x439] = (byte) 0xef;
    Files.write(device, image);
    Cli.run("mkfs", device).failed(1, "an ext2, ext3 or ext4 file system", "force");
    image[0x438] = 0;
    System.arraycopy("XFSB".getBytes(StandardCharsets.US_ASCII), 0, image, 0, 4);
    Files.write(device, image);
    Cli.run("mkfs", device).failed(1, "an XFS file system");
  }

  @Test
  void failedMkfsLeavesNothingBehind() throws IOException {
    Files.createFile(device); // too small for anything
    Cli.run("mkfs", device).failed(1, device.toString());
    assertThat(device).hasSize(0);
    assertThat(folder.resolve("store.ashlar.meta")).doesNotExist();
    final Path link = Files.createSymbolicLink(folder.resolve("link"), device);
    Cli.run("mkfs", link, "--size", "256M", "--force").failed(1, "link");
    assertThat(device).hasSize(0);
    assertThat(folder.resolve("link.meta")).doesNotExist();
  }

  @Test
  void metadataMayBeElsewhere() {
    final Path metadata = folder.resolve("elsewhere");
    Cli.run("mkfs", device, "--size", "256M", "--metadata", metadata).ok();
    Cli.runWith(new byte[1], "put", device, "a", "-", "--metadata", metadata).ok();
    assertThat(metadata).isDirectory();
    assertThat(folder.resolve("store.ashlar.meta")).doesNotExist();
    Cli.run("ls", device).failed(1, "store.ashlar.meta", "missing");
    assertThat(Cli.run("ls", device, "--metadata", metadata).ok().text()).contains("a#0");
  }

  // --- put and get -----------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4095, 4097, 1 << 20, 8 << 20, (17 << 20) + 12345})
  void fileComesBackAsItWas(final int length) throws IOException {
    mkfs();
    final byte[] bytes = randomBytes(length);
    final Path source = Files.write(folder.resolve("in"), bytes);
    final Path target = folder.resolve("out");
    Cli.run("put", device, "object#7", source).ok();
    Cli.run("get", device, "object#7", target).ok();
    assertThat(target).hasBinaryContent(bytes);
    assertThat(Cli.run("get", device, "object#7", "-").ok().out()).isEqualTo(bytes);
    assertThat(Cli.run("stat", device, "object#7").ok().text()).contains("object#7", length + " (");
  }

  @Test
  void putReplacesTheWholeChunk() {
    mkfs();
    Cli.runWith(randomBytes(3 << 20), "put", device, "k", "-").ok();
    final byte[] shorter = randomBytes(5000);
    Cli.runWith(shorter, "put", device, "k", "-").ok();
    assertThat(Cli.run("get", device, "k", "-").ok().out()).isEqualTo(shorter);
  }

  @Test
  void failingPutLeavesTheOldChunk() {
    mkfs();
    final byte[] old = randomBytes(10_000);
    Cli.runWith(old, "put", device, "k", "-").ok();
    final InputStream broken =
        new InputStream() {
          private int left = 20 << 20; // several rounds through the buffers

          @Override
          public int read() throws IOException {
            if (left-- == 0) {
              throw new IOException("the tape broke");
            }
            return 7;
          }
        };
    Cli.runWith(broken, "put", device, "k", "-").failed(1, "the tape broke");
    assertThat(Cli.run("get", device, "k", "-").ok().out()).isEqualTo(old);
    assertThat(Cli.run("ls", device).ok().text().lines()).hasSize(1);
    Cli.run("put", device, "k", folder.resolve("nothing")).failed(1, "no such file");
    Cli.run("put", device, "k", folder).failed(1, "is a folder");
    assertThat(Cli.run("get", device, "k", "-").ok().out()).isEqualTo(old);
  }

  @Test
  void killedPutLeavesTheOldChunk() throws Exception {
    mkfs();
    final byte[] old = randomBytes(10_000);
    Cli.runWith(old, "put", device, "k", "-").ok();
    final Process put =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Ddev.ashlar.library.path=" + System.getProperty("dev.ashlar.library.path"),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "put",
                device.toString(),
                "k",
                "-")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    put.getOutputStream().write(new byte[40 << 20]); // returns when most of it has been taken
    put.getOutputStream().flush();
    assertThat(put.isAlive()).isTrue();
    put.destroyForcibly().waitFor();
    // What it had in flight keeps the device locked until the kernel has ended it.
    Eventually.isTrue("the device is free", () -> Cli.run("info", device).code() == 0);
    assertThat(Cli.run("get", device, "k", "-").ok().out()).isEqualTo(old);
    assertThat(Cli.run("info", device, "--json").ok().text())
        .contains("\"usedBytes\":12288,", "\"problems\":[]");
  }

  @Test
  void failingGetLeavesTheOldFileAndNoOther() throws IOException {
    mkfs();
    final Path target = Files.writeString(folder.resolve("out"), "old");
    Cli.run("get", device, "nothing", target).failed(1, "no chunk nothing#0");
    assertThat(target).hasContent("old");
    Cli.run("get", device, "nothing", "-").failed(1, "no chunk nothing#0");
    Cli.runWith(new byte[10], "put", device, "k", "-").ok();
    Cli.run("get", device, "k", folder).failed(1, "is a folder");
    Cli.run("get", device, "k", folder.resolve("no/file")).failed(1, "no folder");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("store.ashlar", "out");
    }
  }

  // --- ls, stat, rm ----------------------------------------------------------------------------

  @Test
  void listIsInOrderAndByPrefix() {
    mkfs();
    for (final String key : new String[] {"b", "a#2", "a#10", "ab"}) {
      Cli.runWith(new byte[3], "put", device, key, "-").ok();
    }
    assertThat(Cli.run("ls", device).ok().text().lines().map(l -> l.replaceAll(".* ", "")))
        .containsExactly("a#2", "a#10", "ab#0", "b#0");
    assertThat(Cli.run("ls", device, "a").ok().text().lines()).hasSize(3);
    assertThat(Cli.run("ls", device, "c").ok().text()).isEmpty();
    assertThat(Cli.run("ls", device, "c", "--json").ok().text()).isEqualTo("[]\n");
  }

  @Test
  void keyWithControlCharactersStaysOnItsLine() {
    mkfs();
    Cli.runWith(new byte[3], "put", device, "two\nlines", "-").ok();
    assertThat(Cli.run("ls", device).ok().text()).contains("two\\u000alines#0").hasLineCount(1);
  }

  @Test
  void removedChunkIsGone() {
    mkfs();
    for (final String key : new String[] {"a", "b", "c"}) {
      Cli.runWith(new byte[3], "put", device, key, "-").ok();
    }
    Cli.run("rm", device, "a").ok();
    Cli.run("stat", device, "a").failed(1, "no chunk a#0");
    Cli.run("rm", device, "b", "a", "c").failed(1, "no chunk a#0");
    assertThat(Cli.run("ls", device).ok().text()).isEmpty();
  }

  @Test
  void outputIsJsonWhereAsked() {
    final String path = device.toString();
    assertThat(Cli.run("mkfs", device, "--size", "256M", "--json").ok().text())
        .startsWith("{\"device\":\"" + path + "\",")
        .contains("\"deviceBytes\":268435456")
        .endsWith("}\n");
    assertThat(Cli.runWith(new byte[5], "put", device, "k#3", "-", "--json").ok().text())
        .startsWith("{\"key\":\"k#3\",\"id\":\"k\",\"number\":3,\"sizeBytes\":5,");
    assertThat(Cli.run("stat", device, "k#3", "--json").ok().text())
        .contains("\"sizeBytes\":5", "\"created\":\"20");
    assertThat(Cli.run("ls", device, "--json").ok().text())
        .startsWith("[{\"key\":\"k#3\"")
        .endsWith("}]\n");
    assertThat(Cli.run("info", device, "--json").ok().text())
        .contains("\"chunks\":1", "\"problems\":[]");
  }

  @Test
  void cleanupRunsOnce() throws IOException {
    final int[] runs = {0};
    final Cleanup cleanup = new Cleanup(() -> runs[0]++);
    cleanup.run();
    cleanup.run();
    assertThat(runs[0]).isEqualTo(1);
    final Cleanup cancelled = new Cleanup(() -> runs[0]++);
    assertThat(cancelled.cancel()).isTrue();
    cancelled.run();
    assertThat(runs[0]).isEqualTo(1);
    final Cleanup failing =
        new Cleanup(
            () -> {
              throw new IOException("x");
            });
    assertThatThrownBy(failing::run).isInstanceOf(IOException.class);
  }
}
