package dev.ashlar.bench.row;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.bench.measure.Effort;
import dev.ashlar.bench.report.RowResult;
import dev.ashlar.bench.report.RowSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RowsTest {

  private static final Effort SHORT = new Effort(1, Duration.ofMillis(50), 16 << 20);

  static List<String> ids() {
    return Rows.select(List.of()).stream().map(Row::id).toList();
  }

  @Test
  void everyVariantHasAnIdOfItsOwnThatBeginsWithTheRows() {
    final Set<String> seen = new HashSet<>();
    for (final Row row : Rows.select(List.of())) {
      for (final RowSpec spec : row.specs()) {
        assertThat(spec.id()).startsWith(row.id());
        assertThat(seen.add(spec.id())).as(spec.id()).isTrue();
      }
    }
  }

  @Test
  void rowsAreFoundInTheOrderOfTheTable() {
    assertThat(Rows.select(List.of("p4", "P1")).stream().map(Row::id)).containsExactly("P1", "P4");
    assertThat(Rows.select(List.of("p7B")).stream().map(Row::id)).containsExactly("P7b");
    assertThatThrownBy(() -> Rows.select(List.of("P99")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("P99");
  }

  /** Not the figures, which mean nothing here, but that both sides run and check what they read. */
  @ParameterizedTest
  @MethodSource("ids")
  void everyRowGivesAFigureForEachVariant(final String id, @TempDir final Path folder)
      throws Exception {
    final Row row = Rows.select(List.of(id)).get(0);
    Assumptions.assumeTrue(row.obstacle().isEmpty(), row::id);
    final List<RowResult> results = row.run(SHORT, folder);
    assertThat(results).extracting(RowResult::spec).containsExactlyElementsOf(row.specs());
    for (final RowResult result : results) {
      if (result.kind() == RowResult.Kind.MEASURED) {
        assertThat(result.ours()).as(result.spec().id()).isNotNegative();
      } else {
        assertThat(result.kind()).isEqualTo(RowResult.Kind.SKIPPED);
      }
    }
  }
}
