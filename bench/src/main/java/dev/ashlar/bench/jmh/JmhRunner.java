package dev.ashlar.bench.jmh;

import java.lang.management.ManagementFactory;
import java.util.List;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Runs the JMH benchmarks of this jar; what they allocate is shown beside their times. */
public final class JmhRunner {

  private JmhRunner() {}

  /**
   * Runs benchmarks.
   *
   * @param pattern which; matches in class and method names
   * @param quick a look, not figures to quote
   * @return exit code: 1 if nothing matched or a benchmark failed
   */
  public static int run(final String pattern, final boolean quick) {
    final ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(pattern)
            .shouldFailOnError(true)
            .addProfiler(GCProfiler.class)
            .jvmArgsAppend(nativeAccess());
    if (quick) {
      options
          .forks(1)
          .warmupIterations(2)
          .warmupTime(TimeValue.seconds(1))
          .measurementIterations(3)
          .measurementTime(TimeValue.seconds(1));
    }
    try {
      return new Runner(options.build()).run().isEmpty() ? 1 : 0;
    } catch (final RunnerException e) {
      System.err.println("scripts/bench: " + e.getMessage());
      return 1;
    }
  }

  /** The options by which this JVM was allowed native code; the forks need them, too. */
  private static String[] nativeAccess() {
    final List<String> arguments = ManagementFactory.getRuntimeMXBean().getInputArguments();
    return arguments.stream()
        .filter(argument -> argument.startsWith("--enable-native-access"))
        .toArray(String[]::new);
  }
}
