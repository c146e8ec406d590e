package dev.ashlar.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.testing.Seed;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FsCommandsTest {

  @TempDir private Path folder;
  private Path device;

  @BeforeEach
  void name() {
    device = folder.resolve("device");
  }

  private void mkfs() {
    Cli.run("fs", "mkfs", device, "--size", "64M", "--cluster-size", "64K").ok();
  }

  private static byte[] randomBytes(final int length) {
    final byte[] bytes = new byte[length];
    Seed.random("FsCommandsTest").nextBytes(bytes);
    return bytes;
  }

  @Test
  void wrongUsageIsCode2() {
    Cli.run("fs").failed(2, "no command");
    Cli.run("fs", "frobnicate").failed(2, "frobnicate");
    Cli.run("fs", "put", device).failed(2, "NAME", "FILE");
    assertThat(Cli.run("fs", "--help").ok().text())
        .contains("mkfs", "ls", "cat", "put", "rm", "mv", "df", "stat");
    assertThat(device).doesNotExist();
  }

  @Test
  void newFileSystemIsEmpty() {
    assertThat(Cli.run("fs", "mkfs", device, "--size", "64M").ok().text())
        .contains(device.toString(), "new file system");
    assertThat(device).hasSize(64 << 20);
    assertThat(Cli.run("fs", "ls", device).ok().text()).isEmpty();
    assertThat(Cli.run("fs", "df", device).ok().text()).contains("files       0", "1.00 MiB");
  }

  @Test
  void mkfsRefusesWhatHoldsAnythingUnlessForced() throws IOException {
    Cli.run("fs", "mkfs", device).failed(1, "size");
    mkfs();
    Cli.runWith(new byte[3], "fs", "put", device, "a", "-").ok();
    Cli.run("fs", "mkfs", device).failed(1, "1 files", "--force");
    assertThat(Cli.run("fs", "ls", device).ok().text()).contains("/a");
    Cli.run("fs", "mkfs", device, "--force").ok();
    assertThat(Cli.run("fs", "ls", device).ok().text()).isEmpty();

    final Path other = Files.writeString(folder.resolve("other"), "x".repeat(32 << 20));
    Cli.run("fs", "mkfs", other).failed(1, other.toString());
    Cli.run("fs", "ls", other).failed(1, other.toString());
    assertThat(Files.readAllBytes(other)).containsOnly('x');

    final Path zeros = Files.write(folder.resolve("zeros"), new byte[32 << 20]);
    Cli.run("fs", "mkfs", zeros).ok();
    assertThat(Cli.run("fs", "ls", zeros).ok().text()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4097, 1 << 20, (5 << 20) + 12345})
  void fileComesBackAsItWas(final int length) throws IOException {
    mkfs();
    final byte[] bytes = randomBytes(length);
    final Path source = Files.write(folder.resolve("in"), bytes);
    Cli.run("fs", "put", device, "/a/b", source).ok();
    assertThat(Cli.run("fs", "cat", device, "/a/b").ok().out()).isEqualTo(bytes);
    assertThat(Cli.run("fs", "stat", device, "a/b").ok().text())
        .contains("name      /a/b", length + " (", "kind      data");
  }

  @Test
  void putReplacesAtOnceOrNotAtAll() {
    mkfs();
    final byte[] old = randomBytes(10_000);
    Cli.runWith(old, "fs", "put", device, "f", "-").ok();
    final InputStream broken =
        new InputStream() {
          private int left = 3 << 20;

          @Override
          public int read() throws IOException {
            if (left-- == 0) {
              throw new IOException("the tape broke");
            }
            return 7;
          }
        };
    Cli.runWith(broken, "fs", "put", device, "f", "-").failed(1, "the tape broke");
    Cli.run("fs", "put", device, "f", folder.resolve("nothing")).failed(1, "no such file");
    assertThat(Cli.run("fs", "cat", device, "f").ok().out()).isEqualTo(old);
    Cli.runWith(new byte[65 << 20], "fs", "put", device, "f", "-").failed(1, "clusters needed");
    assertThat(Cli.run("fs", "cat", device, "f").ok().out()).isEqualTo(old);
    assertThat(Cli.run("fs", "ls", device).ok().text().lines()).hasSize(1);
    Cli.runWith(new byte[2], "fs", "put", device, "f", "-").ok();
    assertThat(Cli.run("fs", "cat", device, "f").ok().out()).hasSize(2);
  }

  @Test
  void filesAreListedRenamedAndRemoved() {
    mkfs();
    for (final String name : new String[] {"/b", "/a/2", "/a/1", "two\nlines"}) {
      Cli.runWith(new byte[3], "fs", "put", device, name, "-").ok();
    }
    assertThat(Cli.run("fs", "ls", device).ok().text().lines().map(l -> l.replaceAll(".* ", "")))
        .containsExactly("/a/1", "/a/2", "/b", "/two\\u000alines");
    assertThat(Cli.run("fs", "ls", device, "/a/").ok().text().lines()).hasSize(2);
    assertThat(Cli.run("fs", "ls", device, "c", "--json").ok().text()).isEqualTo("[]\n");
    Cli.run("fs", "mv", device, "b", "/a/1").ok();
    Cli.run("fs", "mv", device, "b", "c").failed(1, "/b");
    Cli.run("fs", "rm", device, "/a/2", "b", "/a/1").failed(1, "/b");
    assertThat(Cli.run("fs", "ls", device).ok().text().lines()).hasSize(1);
    Cli.run("fs", "cat", device, "/a/1").failed(1, "/a/1");
    Cli.run("fs", "stat", device, "/a/1").failed(1, "/a/1");
  }

  @Test
  void outputIsJsonWhereAsked() {
    mkfs();
    Cli.runWith(new byte[5], "fs", "put", device, "f", "-").ok();
    assertThat(Cli.run("fs", "stat", device, "f", "--json").ok().text())
        .startsWith("{\"name\":\"/f\",\"sizeBytes\":5,\"allocatedBytes\":65536,\"modified\":\"20")
        .endsWith("\"kind\":\"data\"}\n");
    assertThat(Cli.run("fs", "ls", device, "--json").ok().text()).startsWith("[{\"name\":\"/f\"");
    assertThat(Cli.run("fs", "df", device, "--json").ok().text())
        .contains("\"clusterBytes\":65536,\"files\":1,\"chunkStore\":false}");
  }

  @Test
  void filesBesideAChunkStoreAreLeftAloneUnlessAskedFor() {
    Cli.run("mkfs", device, "--size", "256M").ok();
    assertThat(Cli.run("fs", "ls", device).ok().text().lines())
        .isNotEmpty()
        .allMatch(line -> line.contains("  /metadata/"));
    assertThat(Cli.run("fs", "df", device).ok().text()).contains("chunk store yes");
    Cli.runWith(new byte[5], "fs", "put", device, "f", "-").failed(1, "chunk store");
    Cli.runWith(new byte[5], "fs", "put", device, "f", "-", "--beside-store").ok();
    Cli.run("fs", "rm", device, "f").failed(1, "chunk store");
    assertThat(Cli.run("fs", "cat", device, "f").ok().out()).hasSize(5);
    assertThat(Cli.run("info", device).ok().text()).contains("none");
  }
}
