package dev.ashlar.bench.row;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

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
          new WriteAmplificationRow(),
          new IdleCpuRow(),
          new HeapRow());

  private Rows() {}

  /**
   * Finds rows.
   *
   * @param ids like "P1", in any case; none means all
   * @return the rows in the order of the table
   * @throws IllegalArgumentException if there is no such row
   */
  public static List<Row> select(final List<String> ids) {
    if (ids.isEmpty()) {
      return ALL;
    }
    final List<String> wanted = ids.stream().map(id -> id.trim().toUpperCase(Locale.ROOT)).toList();
    final List<String> known = ALL.stream().map(Row::id).toList();
    for (final String id : wanted) {
      if (!known.contains(id)) {
        throw new IllegalArgumentException(
            "no row " + id + "; there are " + String.join(", ", known));
      }
    }
    return ALL.stream().filter(row -> wanted.contains(row.id())).collect(Collectors.toList());
  }
}
