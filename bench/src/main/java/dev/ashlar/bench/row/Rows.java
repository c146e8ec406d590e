package dev.ashlar.bench.row;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** All rows, in the order of the table. */
public final class Rows {

  private static final List<Row> ALL =
      List.of(
          new MemoryReadRow(),
          new FileReadRow(),
          new FileReadLatencyRow(),
          new OverwriteRow(),
          new LargeWriteRow(),
          new CreateRemoveRow(),
          DbBenchRow.onMemory(),
          DbBenchRow.onFile(),
          DbBenchRow.onMount(),
          new SpdkReadRow(),
          new WriteAmplificationRow(),
          new IdleCpuRow(),
          new HeapRow());

  private Rows() {}

  /**
   * Finds rows.
   *
   * @param ids like "P1" or "P7b", in any case; none means all
   * @return the rows in the order of the table
   * @throws IllegalArgumentException if there is no such row
   */
  public static List<Row> select(final List<String> ids) {
    if (ids.isEmpty()) {
      return ALL;
    }
    final Set<String> wanted = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    wanted.addAll(ids);
    final List<String> known = ALL.stream().map(Row::id).toList();
    final Set<String> unknown = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    unknown.addAll(ids);
    known.forEach(unknown::remove);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "no row " + String.join(", ", unknown) + "; there are " + String.join(", ", known));
    }
    return ALL.stream().filter(row -> wanted.contains(row.id())).toList();
  }
}
