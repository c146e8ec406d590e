package dev.ashlar.internal.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.AshlarRuntime;
import dev.ashlar.BadConfigurationException;
import dev.ashlar.NoSuchDeviceException;
import dev.ashlar.internal.Bdev;
import dev.ashlar.internal.Bdevs;
import dev.ashlar.testing.Seed;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationTest {

  @TempDir private Path folder;

  @AfterEach
  void deleteBdevs() {
    AshlarRuntime.bdevs().forEach(AshlarRuntime::deleteBdev);
  }

  private Path file(final String content) throws IOException {
    return Files.writeString(folder.resolve("config.json"), content);
  }

  private Path bdevs(final String calls) throws IOException {
    return file("{\"subsystems\":[\n{\"subsystem\":\"bdev\",\"config\":[\n" + calls + "]}]}");
  }

  private static String call(final String method, final String params) {
    return "{\"method\":\"" + method + "\",\"params\":{" + params + "}}";
  }

  @Test
  void theRecordsFileMakesMalloc0() throws IOException {
    AshlarRuntime.configure(
        bdevs(
            call(
                "bdev_malloc_create",
                "\"name\":\"Malloc0\",\"num_blocks\":131072,\"block_size\":512")));
    assertThat(AshlarRuntime.bdevs()).containsExactly("Malloc0");
    final Bdev bdev = Bdevs.find("Malloc0");
    assertThat(bdev.blocks()).isEqualTo(131072);
    assertThat(bdev.blockBytes()).isEqualTo(512);
  }

  @Test
  void filesAreBdevsOfTheirSize() throws IOException {
    final Path device = folder.resolve("disk");
    Files.write(device, new byte[8192]);
    AshlarRuntime.configure(
        bdevs(
            call(
                    "bdev_aio_create",
                    "\"name\":\"A\",\"filename\":\"" + device + "\",\"readonly\":true")
                + ","
                + call(
                    "bdev_uring_create",
                    "\"name\":\"U\",\"filename\":\"" + device + "\",\"block_size\":4096")));
    assertThat(Bdevs.find("A").isReadOnly()).isTrue();
    assertThat(Bdevs.find("A").blocks()).isEqualTo(16);
    assertThat(Bdevs.find("U").blocks()).isEqualTo(2);
  }

  /** What SPDK v24.01's spdk_tgt saved, with a malloc and an aio bdev. */
  @Test
  void whatSpdkSavesIsUnderstood() throws IOException {
    Files.write(folder.resolve("disk"), new byte[1 << 20]);
    try (InputStream saved = getClass().getResourceAsStream("spdk-24.01-save-config.json")) {
      final String text = new String(Objects.requireNonNull(saved).readAllBytes());
      AshlarRuntime.configure(file(text.replace("/DISK", folder.resolve("disk").toString())));
    }
    assertThat(AshlarRuntime.bdevs()).containsExactly("Malloc0", "Aio0");
    assertThat(Bdevs.find("Malloc0").blocks()).isEqualTo(16384);
  }

  /** SPDK reads such files since v20, and writes batches since v26. */
  @Test
  void commentsAndBatchesAreUnderstood() throws IOException {
    AshlarRuntime.configure(
        bdevs(
            "/* two at once */ ["
                + call("bdev_malloc_create", "\"name\":\"A\",\"num_blocks\":8,\"block_size\":512")
                + ", // the second\n"
                + call("bdev_malloc_create", "\"name\":\"B\",\"num_blocks\":8,\"block_size\":512")
                + "], []"));
    assertThat(AshlarRuntime.bdevs()).containsExactly("A", "B");
    final Path wrong =
        bdevs("[" + call("bdev_malloc_delete", "\"name\":\"A\"") + ",\n" + call("b", "") + "]");
    assertThatThrownBy(() -> AshlarRuntime.configure(wrong))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("line 3, /subsystems/0/config/0/0: unknown method");
  }

  /**
   * A file with bytes changed, left out and doubled makes its bdevs, or others, or is refused and
   * makes none.
   */
  @Test
  void mutilatedFilesTakeEffectAsAWholeOrNotAtAll() throws IOException {
    final SplittableRandom random = Seed.random("ConfigurationTest");
    final byte[] content =
        Files.readAllBytes(
            bdevs(
                call("bdev_malloc_create", "\"num_blocks\":8,\"block_size\":512")
                    + ",["
                    + call("bdev_malloc_create", "\"num_blocks\":8,\"block_size\":4096")
                    + "]\n,"
                    + call("bdev_set_options", "")));
    int understood = 0;
    for (int round = 0; round < 2000; round++) {
      final Path file =
          Files.write(folder.resolve("config.json"), Mutilation.of(content, 400, random));
      try {
        AshlarRuntime.configure(file);
        understood++;
        deleteBdevs();
      } catch (final BadConfigurationException e) {
        assertThat(e).hasMessageContaining(file.toString());
        assertThat(AshlarRuntime.bdevs()).isEmpty();
      }
    }
    assertThat(understood).as("of which some were still right").isBetween(20, 1980);
  }

  @Test
  void whatIsSavedMakesTheSameBdevs() throws IOException {
    Files.write(folder.resolve("disk"), new byte[8192]);
    AshlarRuntime.configure(
        bdevs(
            call("bdev_malloc_create", "\"num_blocks\":4096,\"block_size\":4096")
                + ","
                + call(
                    "bdev_aio_create",
                    "\"name\":\"A\",\"uuid\":\"3f2a9c1e-0d5b-4c6a-9e1f-7b8a2c4d6e0f\","
                        + ("\"filename\":\"" + folder.resolve("disk") + "\""))));
    final String saved = BdevMethods.save().toString();
    deleteBdevs();
    AshlarRuntime.configure(
        file("{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":" + saved + "}]}"));
    assertThat(BdevMethods.save().toString()).isEqualTo(saved);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "bdev_null_create | \"name\":\"N\" | unknown method \"bdev_null_create\"",
        "bdev_nvme_attach_controller | \"name\":\"N\" | needs SPDK",
        "bdev_malloc_create | \"num_blocks\":1 | \"block_size\" is missing",
        "bdev_malloc_create | \"num_blocks\":8,\"block_size\":512,\"colour\":1 | \"colour\"",
        "bdev_malloc_create | \"num_blocks\":8,\"block_size\":520 | must be 512 or 4096",
        "bdev_malloc_create | \"num_blocks\":9,\"block_size\":512 | multiple of 4096",
        "bdev_malloc_create | \"num_blocks\":8,\"block_size\":512,\"md_size\":8 | \"md_size\"",
        "bdev_malloc_create | \"num_blocks\":8,\"block_size\":512,\"uuid\":\"1\" | a UUID",
        "bdev_malloc_create | \"num_blocks\":8,\"block_size\":512,\"name\":\"First\" | already",
        "bdev_aio_create | \"name\":\"A\",\"filename\":\"/no/such\" | no file or block device",
        "bdev_aio_create | \"name\":\"A\",\"filename\":\"/dev/null\" | neither a plain file",
        "bdev_uring_create | \"name\":\"A\",\"filename\":\"/dev\" | neither a plain file",
        "bdev_uring_create | \"name\":\"\",\"filename\":\"/dev\" | a name of a bdev"
      })
  void whatIsWrongIsNamedWithItsPlaceAndNothingChanges(
      final String method, final String params, final String message) throws IOException {
    final Path file =
        bdevs(
            call("bdev_malloc_create", "\"name\":\"First\",\"num_blocks\":8,\"block_size\":512")
                + ",\n"
                + call(method, params));
    assertThatThrownBy(() -> AshlarRuntime.configure(file))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining(file + ", line 4, /subsystems/0/config/1: ")
        .hasMessageContaining(message);
    assertThat(AshlarRuntime.bdevs()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "[] | an object is missing",
        "{} | /subsystems: an array is missing",
        "{\"subsystems\":{}} | /subsystems: an array is missing",
        "{\"subsystems\":[],\"more\":1} | unknown member \"more\"",
        "{\"subsystems\":[{\"subsystem\":\"disks\",\"config\":[]}]} | unknown subsystem \"disks\"",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":7}]} | an array is missing",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[{\"params\":{}}]}]} | unknown method \"\"",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":"
            + "[{\"method\":\"bdev_wait_for_examine\",\"params\":[]}]}]} | are no object",
        "{\"subsystems\":[]}} | line 1",
        "{\"subsystems\":[],\"subsystems\":[]} | line 1"
      })
  void aFileOfAnotherShapeIsRefused(final String content, final String message) throws IOException {
    final Path file = file(content);
    assertThatThrownBy(() -> AshlarRuntime.configure(file))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aMissingFileIsNamed() {
    assertThatThrownBy(() -> AshlarRuntime.configure(folder.resolve("none")))
        .isInstanceOf(NoSuchDeviceException.class)
        .hasMessageContaining("none");
  }
}
