package dev.ashlar.bench.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class DbBenchTest {

  private static final DbBenchJob JOB = new DbBenchJob(List.of("fillseq", "readrandom"), 1000, 1);
  private static final String FILL =
      "fillseq      :       2.857 micros/op 349991 ops/sec 0.571 seconds 200000 operations;"
          + "   38.7 MB/s\n";
  private static final String READ =
      "readrandom   :       3.642 micros/op 274573 ops/sec 0.728 seconds 200000 operations;"
          + "   19.2 MB/s (126611 of 200000 found)\n";

  @Test
  void figuresAreReadFromTheLinesOfTheBenchmarks() throws IOException {
    assertThat(DbBench.parse(JOB, 0, "Keys: 16 bytes each\nDB path: [/db]\n" + FILL + READ))
        .containsExactly(
            new DbBenchResult("fillseq", 349_991, ""),
            new DbBenchResult("readrandom", 274_573, "(126611 of 200000 found)"));
  }

  @Test
  void aRunThatFailsOrLacksABenchmarkIsAnErrorInItsOwnWords() {
    assertThatThrownBy(() -> DbBench.parse(JOB, 1, FILL + READ + "put error: no space\n"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no space");
    assertThatThrownBy(() -> DbBench.parse(JOB, 0, FILL)).isInstanceOf(IOException.class);
  }

  @Test
  void operationsAreSharedByTheThreads() {
    assertThat(new DbBenchJob(List.of("fillseq"), 800, 8).options()).contains("--num=100");
    assertThat(new DbBenchJob(List.of("fillsync"), 800, 8).options())
        .contains("--num=100000", "--writes=100");
  }
}
