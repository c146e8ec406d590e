package dev.ashlar.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.SpdkExtension;
import dev.ashlar.cli.Main;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Commands on SPDK, each in a process of its own, which SPDK then has to itself. */
@Timeout(120)
class SpdkCommandTest {

  @TempDir private Path temp;
  private String config;

  @BeforeEach
  void writeConfiguration() throws IOException {
    SpdkExtension.assumeThere();
    final Path disk = temp.resolve("disk");
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(128 << 20);
    }
    config =
        Files.writeString(
                temp.resolve("rocksdb.json"),
                """
                {"subsystems": [{"subsystem": "bdev", "config": [
                  {"method": "bdev_aio_create",
                   "params": {"name": "Aio0", "filename": "%s", "block_size": 512}}]}]}
                """
                    .formatted(disk))
            .toString();
  }

  private ChildJvm run(final String... words) throws IOException {
    return ChildJvm.startWithoutLibrary(temp, Main.class, List.of(), List.of(words));
  }

  @Test
  void aStoreOnABdevIsMadeAndLookedAt() throws Exception {
    assertThat(run("mkfs", "--spdk", "--spdk-no-huge", "--config", config, "Aio0").end())
        .singleElement()
        .asString()
        .startsWith("Aio0: new store");
    Files.writeString(temp.resolve("data"), "hello");
    assertThat(
            run(
                    "put",
                    "--spdk",
                    "--spdk-no-huge",
                    "--config",
                    config,
                    "spdk:Aio0",
                    "key",
                    temp.resolve("data").toString())
                .end())
        .isNotNull();
    assertThat(run("info", "--spdk", "--spdk-no-huge", "--config", config, "Aio0").end())
        .anyMatch(line -> line.matches("chunks +1"));
    // The file is the device: Ashlar's own reads it too.
    assertThat(run("ls", temp.resolve("disk").toString()).end())
        .singleElement()
        .asString()
        .contains("key");
  }

  @Test
  void whatIsWrongIsNamed() throws Exception {
    assertThat(run("fs", "ls", "--spdk", "--spdk-no-huge", "--config", config, "Nobody").fail())
        .contains("Nobody");
    assertThat(run("fs", "ls", "--config", config, "--spdk-no-huge", "Aio0").end(2))
        .contains("--spdk");
    Files.writeString(Path.of(config), "{\"subsystems\": 7}");
    assertThat(run("fs", "ls", "--spdk", "--spdk-no-huge", "--config", config, "Aio0").fail())
        .contains("rocksdb.json, /subsystems: an array is missing");
  }
}
