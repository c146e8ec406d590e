package dev.ashlar.bench.report;

import java.util.ArrayList;
import java.util.List;

/** Lines of cells, each column as wide as its widest cell; numbers go to the right. */
final class TextTable {

  private final List<String[]> lines = new ArrayList<>();
  private final boolean[] toTheRight;

  TextTable(final boolean... toTheRight) {
    this.toTheRight = toTheRight.clone();
  }

  void add(final String... cells) {
    if (cells.length != toTheRight.length) {
      throw new IllegalArgumentException(
          cells.length + " cells in a table of " + toTheRight.length);
    }
    lines.add(cells.clone());
  }

  @Override
  public String toString() {
    final int[] widths = new int[toTheRight.length];
    for (final String[] cells : lines) {
      for (int i = 0; i < cells.length; i++) {
        widths[i] = Math.max(widths[i], cells[i].length());
      }
    }
    final StringBuilder text = new StringBuilder();
    for (final String[] cells : lines) {
      final StringBuilder line = new StringBuilder();
      for (int i = 0; i < cells.length; i++) {
        final String space = " ".repeat(widths[i] - cells[i].length());
        line.append(toTheRight[i] ? space + cells[i] : cells[i] + space).append("  ");
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }
}
