package dev.ashlar.bench;

import dev.ashlar.bench.jmh.JmhRunner;
import dev.ashlar.bench.measure.Workspace;
import dev.ashlar.bench.ours.BenchStore;
import dev.ashlar.bench.report.JsonReport;
import dev.ashlar.bench.report.Machine;
import dev.ashlar.bench.report.PlotReport;
import dev.ashlar.bench.report.RowResult;
import dev.ashlar.bench.report.TableReport;
import dev.ashlar.bench.row.Row;
import dev.ashlar.bench.row.Rows;
import java.nio.file.Files;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * Entry point of the benchmark jar. Exit codes: 0 all rows ran or had a reason not to, 1 a row
 * failed, 2 wrong arguments. A missed target is a result, not a failure.
 */
public final class Main {

  private Main() {}

  /**
   * Runs the comparison, or JMH benchmarks.
   *
   * @param args see {@code --help}
   * @throws Exception if the run as a whole fails
   */
  public static void main(final String[] args) throws Exception {
    final BenchOptions options = new BenchOptions();
    final CommandLine commandLine = new CommandLine(options);
    try {
      commandLine.parseArgs(args);
      if (options.help()) {
        commandLine.usage(System.out);
        return;
      }
      System.exit(run(options));
    } catch (final ParameterException | IllegalArgumentException e) {
      System.err.println("scripts/bench: " + e.getMessage());
      System.exit(2);
    }
  }

  private static int run(final BenchOptions options) throws Exception {
    if (options.jmh() != null) {
      return JmhRunner.run(options.jmh(), options.quick());
    }
    final List<Row> rows = Rows.select(options.rows());
    if (!Files.isDirectory(options.dir())) {
      throw new IllegalArgumentException("--dir " + options.dir() + " is not a folder");
    }
    try (Workspace workspace = Workspace.in(options.dir())) {
      final Machine machine =
          Machine.probe(workspace.folder(), BenchStore.fileBackend(workspace.folder()));
      workspace.clear();
      final List<RowResult> results =
          new Comparison(options.effort(), workspace, System.err).run(rows);
      System.out.println(TableReport.of(machine, results));
      if (options.json() != null) {
        JsonReport.write(options.json(), machine, results);
      }
      if (options.plot() != null) {
        PlotReport.write(options.plot(), machine, results);
      }
      return results.stream().anyMatch(r -> r.kind() == RowResult.Kind.FAILED) ? 1 : 0;
    }
  }
}
