package dev.ashlar.bench.peer;

import java.util.List;

/** Where db_bench keeps its database. */
public interface DbBenchPlace {

  /**
   * Runs db_bench on a fresh database there, and removes it.
   *
   * @param job to do
   * @return a result for each benchmark of the job, in its order
   * @throws Exception if anything went wrong
   */
  List<DbBenchResult> run(DbBenchJob job) throws Exception;
}
