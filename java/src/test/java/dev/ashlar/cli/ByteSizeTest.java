package dev.ashlar.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteSizeTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "4096, 4096",
    "4096B, 4096",
    "1k, 1024",
    "512MiB, 536870912",
    "512mib, 536870912",
    "10G, 10737418240",
    "10 GiB, 10737418240",
    "10GB, 10000000000",
    "2T, 2199023255552",
    "1P, 1125899906842624"
  })
  void sizesAreReadAsPeopleWriteThem(final String text, final long bytes) {
    assertThat(new ByteSize().convert(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "G", "-1", "1.5G", "10X", "10Gi", "0x10", "9223372036854775808", "8192P"})
  void whatIsNoSizeIsRefusedAndQuoted(final String text) {
    assertThatThrownBy(() -> new ByteSize().convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("\"" + text + "\"");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 bytes",
    "1023, 1023 bytes",
    "1024, 1.00 KiB",
    "10240, 10.0 KiB",
    "1048576, 1.00 MiB",
    "157286400, 150 MiB",
    "9223372036854775807, 8192 PiB"
  })
  void sizesArePrintedWithThreeDigits(final long bytes, final String text) {
    assertThat(ByteSize.format(bytes)).isEqualTo(text);
  }
}
