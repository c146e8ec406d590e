package dev.ashlar.bench;

import dev.ashlar.bench.measure.Effort;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Options of a run. */
@Command(
    name = "scripts/bench",
    description = "Measures Ashlar and, in turn, what users would take instead.",
    sortOptions = false)
final class BenchOptions {

  @Parameters(
      paramLabel = "ROW",
      arity = "0..*",
      description = "Only these, such as P1 P7b. Default: all.")
  private List<String> rows = List.of();

  @Option(names = "--quick", description = "All rows in about four minutes.")
  private boolean quick;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write the results here.")
  private Path json;

  @Option(names = "--plot", paramLabel = "FILE", description = "Also draw the ratios here, as SVG.")
  private Path plot;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Where to put the files, on the disk to measure. Default: ${DEFAULT-VALUE}.")
  private Path dir = Path.of("/var/tmp");

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "Length of one slice of one side. Default: 3, with --quick 1.")
  private Double seconds;

  @Option(
      names = "--jmh",
      arity = "0..1",
      paramLabel = "REGEX",
      fallbackValue = ".*",
      description = "Run the JMH benchmarks that match instead. Default: all.")
  private String jmh;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this.")
  private boolean help;

  Path json() {
    return json;
  }

  Path plot() {
    return plot;
  }

  List<String> rows() {
    return rows;
  }

  Path dir() {
    return dir;
  }

  /** Pattern of the JMH benchmarks to run instead of the comparison, or null. */
  String jmh() {
    return jmh;
  }

  boolean quick() {
    return quick;
  }

  boolean help() {
    return help;
  }

  Effort effort() {
    final Effort effort = quick ? Effort.QUICK : Effort.FULL;
    return seconds == null ? effort : effort.withSliceSeconds(seconds);
  }
}
