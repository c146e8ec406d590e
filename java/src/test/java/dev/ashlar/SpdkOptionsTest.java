package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What can be said about SPDK, with and without it. */
class SpdkOptionsTest {

  @Test
  void theDefaultsAreHugePagesAndNoConfiguration() {
    final SpdkOptions options = SpdkOptions.builder().build();
    assertThat(options.configuration()).isEmpty();
    assertThat(options.coreMask()).isEmpty();
    assertThat(options.memoryMib()).isZero();
    assertThat(options.hugePages()).isTrue();
    assertThat(options.hugeDir()).isNull();
    assertThat(options.interrupts()).isNull();
    assertThat(RuntimeOptions.defaults().spdk()).isNull();
  }

  @Test
  void memoryOutOfRangeAndNullAreRefusedByName() {
    for (final int mebibytes : new int[] {-1, 63, (1 << 20) + 1}) {
      assertThatThrownBy(() -> SpdkOptions.builder().memoryMib(mebibytes))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("memoryMib is " + mebibytes);
    }
    assertThatThrownBy(() -> SpdkOptions.builder().configuration(null))
        .hasMessage("configuration is null");
    assertThatThrownBy(() -> SpdkOptions.builder().coreMask(null)).hasMessage("coreMask is null");
  }

  @Test
  void optionsThatSayTheSameAreEqual() {
    final SpdkOptions options =
        SpdkOptions.builder().coreMask("0x1").memoryMib(64).hugeDir(Path.of("/h")).build();
    assertThat(options)
        .isEqualTo(
            SpdkOptions.builder().coreMask("0x1").memoryMib(64).hugeDir(Path.of("/h")).build())
        .isNotEqualTo(SpdkOptions.builder().coreMask("0x1").memoryMib(64).build());
    assertThat(SpdkOptions.builder().interrupts(true).build())
        .isEqualTo(SpdkOptions.builder().interrupts(true).build())
        .isNotEqualTo(SpdkOptions.builder().interrupts(false).build())
        .isNotEqualTo(SpdkOptions.builder().build());
    assertThat(RuntimeOptions.builder().spdk(options).build())
        .isNotEqualTo(RuntimeOptions.defaults());
    assertThat(
            RuntimeOptions.builder()
                .spdk(options)
                .rpcSocket(Path.of("s"))
                .build()
                .withoutRpcSocket())
        .isEqualTo(RuntimeOptions.builder().spdk(options).build());
  }

  @Test
  void aBuildWithoutItSaysSo() {
    assumeTrue(!SpdkExtension.isBuilt(), "built with SPDK");
    final var options =
        BlobFsOptions.builder()
            .device(Device.bdev("Malloc0"))
            .runtime(RuntimeOptions.builder().spdk(SpdkOptions.builder().build()).build())
            .build();
    assertThatThrownBy(() -> BlobFs.open(options))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("-Dashlar.spdk=ON");
  }
}
