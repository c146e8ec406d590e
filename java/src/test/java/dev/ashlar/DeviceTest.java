package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceTest {

  @Test
  void fileHasItsPathAndTheSizeTheFileSystemKnows() {
    final Device device = Device.file(Path.of("/x/store.ashlar"));
    assertThat(device.kind()).isEqualTo(Device.Kind.FILE);
    assertThat(device.path()).isEqualTo(Path.of("/x/store.ashlar"));
    assertThat(device.sizeBytes()).isZero();
    assertThat(device).hasToString("/x/store.ashlar");
    assertThat(device).isEqualTo(Device.file(Path.of("/x/store.ashlar")));
  }

  @Test
  void memoryHasItsSize() {
    final Device device = Device.memory(Device.MIN_BYTES);
    assertThat(device.kind()).isEqualTo(Device.Kind.MEMORY);
    assertThat(device.path()).isNull();
    assertThat(device.sizeBytes()).isEqualTo(16 << 20);
    assertThat(device.sectorBytes()).isEqualTo(4096);
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, -1, 0, (16 << 20) - 4096, (1L << 50) + 4096})
  void sizesOutOfRangeAreRefused(final long bytes) {
    assertThatThrownBy(() -> Device.memory(bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("bytes is " + bytes);
  }

  @Test
  void sizesThatAreNoWholePagesAreRefused() {
    assertThatThrownBy(() -> Device.memory((16 << 20) + 512))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("bytes is 16777728, must be a multiple of 4096");
  }

  @Test
  void sectorsAreOf512Or4096Bytes() {
    assertThat(Device.memory(16 << 20, 512).sectorBytes()).isEqualTo(512);
    assertThat(Device.crash("c", 16 << 20, 4096).label()).isEqualTo("c");
    assertThatThrownBy(() -> Device.crash("c", 16 << 20, 1024))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1024");
  }

  @Test
  void pathWithoutNameIsRefused() {
    assertThatThrownBy(() -> Device.file(Path.of("/")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Device.file(Path.of(""))).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Device.file(null)).hasMessage("path is null");
  }
}
