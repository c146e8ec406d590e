package dev.ashlar.bench.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class BdevperfTest {

  private static final String OUTPUT =
      """
      Running I/O for 2 seconds...
                                                              Latency(us)
      \r Device Information          : runtime(s)       IOPS      MiB/s     Fail/s     TO/s
      \r Job: Malloc0 (Core Mask 0x1, workload: randread, depth: 32, IO size: 4096)
      \t Malloc0             :       2.08  905625.26    3537.60       0.00     0.00      35.68
      \r ==================================================================================
      \r Total                       :             1105625.50    4318.85       0.00     0.00
      """;

  @Test
  void theTotalIsTheFigure() throws IOException {
    assertThat(Bdevperf.parse(0, OUTPUT)).isEqualTo(1105625.50);
  }

  @Test
  void aFailureTellsWhatItSaidLast() {
    assertThatThrownBy(() -> Bdevperf.parse(1, "EAL: no\n\nmemory\n"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("1: EAL: no / memory");
    assertThatThrownBy(() -> Bdevperf.parse(0, "nothing")).isInstanceOf(IOException.class);
  }
}
