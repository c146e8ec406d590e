package dev.ashlar.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {

  private static final Machine MACHINE = new Machine("cpu", 2, "6.1", "17", "ext4", "io_uring");
  private static final RowSpec COMPARED =
      RowSpec.of("P2", "reads / fio", "reads/s", Bound.atLeast(0.95, "x"))
          .withFloor(Bound.atLeast(0.8, "x"));
  private static final RowSpec ALONE =
      RowSpec.of("P13", "idle CPU", "% of a core", Bound.atMost(1, " %"));

  @Test
  void jsonHasFiguresRatioTargetAndVerdict() {
    final JsonNode document =
        JsonReport.document(
            MACHINE, List.of(COMPARED.compared(45_000, 50_000), ALONE.measured(0.25)));
    assertThat(document.path("machine").path("fileSystem").asText()).isEqualTo("ext4");
    final JsonNode first = document.path("rows").path(0);
    assertThat(first.path("id").asText()).isEqualTo("P2");
    assertThat(first.path("ours").asDouble()).isEqualTo(45_000);
    assertThat(first.path("reference").asDouble()).isEqualTo(50_000);
    assertThat(first.path("ratio").asDouble()).isEqualTo(0.9);
    assertThat(first.path("target").asText()).isEqualTo("at least 0.95x");
    assertThat(first.path("holds").asBoolean()).isFalse();
    assertThat(first.path("holdsFloor").asBoolean()).isTrue();
    final JsonNode second = document.path("rows").path(1);
    assertThat(second.path("reference").isNull()).isTrue();
    assertThat(second.path("ratio").asDouble()).isEqualTo(0.25);
    assertThat(second.path("holds").asBoolean()).isTrue();
    assertThat(second.has("floor")).isFalse();
  }

  @Test
  void whatWasNotMeasuredNeverHolds() {
    final RowResult skipped = COMPARED.skipped("fio is not installed");
    final RowResult failed = ALONE.failed(new IllegalStateException("wrong page"));
    assertThat(skipped.holds()).isFalse();
    assertThat(skipped.holdsFloor()).isFalse();
    assertThat(failed.holds()).isFalse();
    final JsonNode rows = JsonReport.document(MACHINE, List.of(skipped, failed)).path("rows");
    assertThat(rows.path(0).path("ours").isNull()).isTrue();
    assertThat(rows.path(0).path("skipped").asText()).isEqualTo("fio is not installed");
    assertThat(rows.path(1).path("error").asText()).contains("wrong page");
  }

  @Test
  void tableShowsEveryRowItsVerdictAndItsRemark() {
    final String table =
        TableReport.of(
            MACHINE,
            List.of(
                COMPARED.compared(45_000, 50_000).withNote("a remark"),
                ALONE.failed(new IllegalStateException("wrong page"))));
    assertThat(table)
        .containsPattern("P2 +reads / fio +45,000 +50,000 +reads/s +0.90 +at least 0.95x +NO")
        .contains("at least 0.8x: yes")
        .containsPattern("P13 .*ERROR")
        .contains("P2: a remark")
        .contains("P13: java.lang.IllegalStateException: wrong page")
        .contains("kernel 6.1");
  }
}
