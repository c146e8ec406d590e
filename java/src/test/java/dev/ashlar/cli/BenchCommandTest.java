package dev.ashlar.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.cli.bench.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BenchCommandTest {

  @TempDir private Path folder;

  private static long number(final String json, final String name) {
    final Matcher matcher = Pattern.compile("\"" + name + "\":([0-9]+)").matcher(json);
    assertThat(matcher.find()).as(name).isTrue();
    return Long.parseLong(matcher.group(1));
  }

  private static String run(final Object... more) {
    final Object[] args = new Object[more.length + 4];
    args[0] = "bench";
    args[1] = "--json";
    args[2] = "--size";
    args[3] = "256M";
    System.arraycopy(more, 0, args, 4, more.length);
    return Cli.run(args).ok().text();
  }

  @ParameterizedTest
  @EnumSource
  void everyWorkloadDoesItsOperationsAlsoOnItsOwn(final Workload workload) {
    for (final int threads : new int[] {1, 3}) {
      final String json = run(workload.label(), "--num", 5000, "--threads", threads);
      assertThat(json).startsWith("[{\"workload\":\"" + workload.label() + "\"").endsWith("}]\n");
      assertThat(number(json, "operations")).isEqualTo(workload == Workload.FILLSYNC ? 5 : 5000);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"readrandom", "readseq", "readwhilewriting", "readrandomwriterandom"})
  void readsOfAFullDatabaseFindEveryKey(final String workload) {
    final String json = run(workload, "--num", 3000, "--threads", 2, "--value-size", 333);
    assertThat(number(json, "reads")).isPositive().isEqualTo(number(json, "found"));
  }

  @Test
  void laterWorkloadsFindTheDatabaseOfThoseBefore() {
    final String json = run("deleterandom,readrandom", "--num", 2000);
    final String last = json.substring(json.indexOf("readrandom"));
    assertThat(number(last, "reads")).isEqualTo(2000);
    // A random choice of as many as there are takes away some of them, never all.
    assertThat(number(last, "found")).isBetween(1L, 1999L);
    assertThat(number(run("fillseq,readseq", "--num", 2000), "operations")).isEqualTo(2000);
  }

  @Test
  void shareOfWritesIsKept() {
    final String reads = run("readrandomwriterandom", "--num", 1000, "--write-percent", 0);
    assertThat(number(reads, "reads")).isEqualTo(1000);
    final String writes = run("readrandomwriterandom", "--num", 1000, "--write-percent", 100);
    assertThat(number(writes, "reads")).isZero();
  }

  @Test
  void aSyncedWriteIsOneWriteAndOneFlushOfTheDevice() {
    final String json = run("fillsync", folder.resolve("device"), "--num", 300_000);
    // The log's space is reserved when its first record is written; 300 records fit in there.
    assertThat(number(json, "deviceWrites")).isBetween(300L, 310L);
    assertThat(number(json, "deviceFlushes")).isBetween(300L, 310L);
  }

  @Test
  void whatTheDeviceHoldsIsNotDestroyedUnlessForced() throws IOException {
    final Path device = folder.resolve("device");
    run("fillseq", device, "--num", 100);
    assertThat(Cli.run("fs", "ls", device, "/db/CURRENT").ok().text()).contains("/db/CURRENT");
    Cli.run("bench", "fillseq", device, "--num", 100).failed(1, "holds a file system", "--force");
    Cli.run("bench", "fillseq", device, "--num", 100, "--force").ok();

    final Path other = Files.writeString(folder.resolve("other"), "x".repeat(32 << 20));
    Cli.run("bench", "fillseq", other).failed(1, other.toString());
    assertThat(Files.readAllBytes(other)).containsOnly('x');
  }

  @Test
  void textNamesRateAndWhatWasFound() {
    assertThat(Cli.run("bench", "readrandom", "--num", 100, "--size", "64M").ok().text())
        .startsWith("readrandom ")
        .contains("ops/s", "100 ops", "found 100 of 100");
  }

  @Test
  void wrongUsageIsCode2() {
    Cli.run("bench").failed(2, "WORKLOAD");
    Cli.run("bench", "fillsink").failed(2, "fillsink", "readrandomwriterandom");
    Cli.run("bench", "fillseq", "--num", 0).failed(2, "keys");
    Cli.run("bench", "fillseq", "--threads", 0).failed(2, "threads");
    Cli.run("bench", "fillseq", "--value-size", 7).failed(2, "value");
    Cli.run("bench", "fillseq", "--write-percent", 101).failed(2, "writes");
  }

  @Test
  void helpNamesEveryWorkload() {
    assertThat(Cli.run("bench", "--help").ok().text().replaceAll("\\s+", " "))
        .contains(Workload.labels());
  }
}
