package dev.ashlar.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ResultCodeTest {

  private static final Path TABLE = Path.of("../include/ashlar/status_codes.def");
  private static final Pattern LINE = Pattern.compile("ASHLAR_STATUS\\((\\w+), (\\d+), \".*\"\\)");

  @Test
  void codesAreThoseOfTheNativeTableInBothDirections() throws IOException {
    final Map<Integer, String> table = new TreeMap<>();
    for (final String line : Files.readAllLines(TABLE)) {
      if (line.startsWith("//")) {
        continue;
      }
      final Matcher matcher = LINE.matcher(line);
      assertThat(matcher.matches()).as(line).isTrue();
      table.put(Integer.valueOf(matcher.group(2)), matcher.group(1));
    }
    final Map<Integer, String> codes = new TreeMap<>();
    for (final ResultCode code : ResultCode.values()) {
      codes.put(code.number(), code.nativeName());
    }
    assertThat(codes).isEqualTo(table).hasSizeGreaterThan(10);
  }

  @Test
  void numberAndItsNegativeGiveTheCode() {
    for (final ResultCode code : ResultCode.values()) {
      assertThat(ResultCode.of(code.number())).isSameAs(code);
      assertThat(ResultCode.of(-code.number())).isSameAs(code);
    }
    final int beyond =
        Arrays.stream(ResultCode.values()).mapToInt(ResultCode::number).max().orElse(0);
    assertThat(ResultCode.of(beyond + 1)).isNull();
    assertThat(ResultCode.of(Integer.MIN_VALUE)).isNull();
    assertThat(ResultCode.of(Integer.MAX_VALUE)).isNull();
  }
}
