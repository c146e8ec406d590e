package dev.ashlar.bench.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class FioTest {

  private static final FioJob READS =
      FioJob.randomReads(Path.of("/data/f"), 4096, 32, new FioJob.Region(8192, 1 << 20));

  @Test
  void jobsNeverMakeOrGrowAFile() {
    assertThat(READS.command(Duration.ofSeconds(1)))
        .contains("--allow_file_create=0", "--readonly", "--direct=1", "--iodepth=32")
        .contains("--offset=8192", "--size=1048576", "--runtime=1000ms");
  }

  @Test
  void durableWritesFlush() {
    final FioJob job = FioJob.writes(Path.of("/data/f"), 1 << 20, 8, 1 << 28, 64);
    assertThat(job.command(Duration.ofSeconds(1))).contains("--fdatasync=64", "--rw=write");
  }

  @Test
  void resultIsReadBehindWarnings() throws IOException {
    final String output =
        """
        fio: a warning
        {"jobs": [{"error": 0, "read": {"iops": 50.5, "bw_bytes": 206848, "total_ios": 101,
          "lat_ns": {"percentile": {"50.000000": 2500}}}, "sync": {"lat_ns": {"N": 3}}}]}
        """;
    assertThat(Fio.parse(READS, 0, output)).isEqualTo(new FioResult(50.5, 206_848, 2.5, 101, 3));
  }

  @Test
  void failureNamesWhatFioSaid() {
    assertThatThrownBy(() -> Fio.parse(READS, 1, "fio: no such file"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> Fio.parse(READS, 0, "{\"jobs\": [{\"error\": 5}]}"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("error 5");
  }
}
