package dev.ashlar.bench.peer;

import java.util.ArrayList;
import java.util.List;

/**
 * One run of db_bench. All else is as db_bench has it: keys of 16 bytes, values of 100, Snappy
 * where it is built in.
 *
 * @param benchmarks db_bench's names, done one after the other on one database
 * @param operations of each benchmark, all threads together
 * @param threads that share them
 */
public record DbBenchJob(List<String> benchmarks, long operations, int threads) {

  /** The same keys on both sides, so that they must find the same number of them. */
  private static final int SEED = 17;

  /** fillsync draws its keys from a thousandth of what it was given, here as many as it writes. */
  private static final long SYNC_DIVISOR = 1000;

  static final String FILL_SYNC = "fillsync";

  /**
   * Checks it.
   *
   * @param benchmarks see the record
   * @param operations see the record
   * @param threads see the record
   */
  public DbBenchJob {
    if (benchmarks.contains(FILL_SYNC) && benchmarks.size() > 1) {
      throw new IllegalArgumentException("fillsync has options of its own");
    }
  }

  /** Options for the program. */
  List<String> options() {
    final long each = Math.max(1, operations / threads);
    final List<String> options =
        new ArrayList<>(
            List.of(
                "--benchmarks=" + String.join(",", benchmarks),
                "--threads=" + threads,
                "--seed=" + SEED));
    if (benchmarks.contains(FILL_SYNC)) {
      options.add("--num=" + each * SYNC_DIVISOR);
      options.add("--writes=" + each);
    } else {
      options.add("--num=" + each);
    }
    return options;
  }
}
