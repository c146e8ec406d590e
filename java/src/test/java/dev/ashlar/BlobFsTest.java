package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlobFsTest extends BlobFsContract {

  @TempDir private Path folder;

  @Override
  BlobFsOptions.Builder device() {
    return BlobFsOptions.builder().device(Device.file(folder.resolve("device")));
  }

  @Override
  BlobFs create() {
    return BlobFs.open(device().size(SIZE).createIfMissing(true).build());
  }

  @Override
  BlobFs fresh() {
    return BlobFs.open(BlobFsOptions.builder().device(Device.memory(SIZE)).build());
  }

  @Test
  void devicesThatHoldNoFilesAreRefused() throws IOException {
    assertThatThrownBy(() -> BlobFs.open(device().build()))
        .isInstanceOf(NoSuchDeviceException.class);
    assertThatThrownBy(() -> BlobFs.open(device().createIfMissing(true).build()))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("size");
    final byte[] text = new byte[(int) SIZE];
    Arrays.fill(text, (byte) 'x');
    Files.write(folder.resolve("device"), text);
    assertThatThrownBy(() -> BlobFs.open(device().createIfMissing(true).build()))
        .isInstanceOf(WrongFormatException.class);
    BlobFs.format(device().build()).close();
    try (BlobFs fs = BlobFs.open(device().build())) {
      assertThat(fs.list("")).isEmpty();
    }
  }

  @Test
  void contradictionsAreRefused() {
    final BlobFsOptions.Builder none = BlobFsOptions.builder();
    assertThatThrownBy(none::build).isInstanceOf(BadConfigurationException.class);
    assertThatThrownBy(() -> device().readOnly(true).createIfMissing(true).build())
        .isInstanceOf(BadConfigurationException.class);
    assertThatThrownBy(() -> BlobFsOptions.builder().device(Device.memory(SIZE)).size(SIZE).build())
        .isInstanceOf(BadConfigurationException.class);
    assertThatThrownBy(() -> device().bufferBytes(1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> device().clusterBytes(100_000))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
