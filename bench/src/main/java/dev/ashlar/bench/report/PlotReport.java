package dev.ashlar.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * The ratios of the rows that compare two sides, as a drawing in SVG: a bar for each from 1, where
 * both sides are equal, on a logarithmic scale, and a mark where its target is.
 */
public final class PlotReport {

  private static final int LINE_PX = 24;
  private static final int BAR_PX = 14;
  private static final int TOP_PX = 48;
  private static final int BOTTOM_PX = 36;
  private static final int LABEL_PX = 200;
  private static final int SCALE_PX = 560;
  private static final int FIGURE_PX = 200;
  private static final int WIDTH_PX = LABEL_PX + SCALE_PX + FIGURE_PX;

  /** The scale reaches at least this far to both sides of 1. */
  private static final double LEAST_REACH = 4;

  private final StringBuilder svg = new StringBuilder();
  private final double reach;

  private PlotReport(final double reach) {
    this.reach = reach;
  }

  /**
   * Writes the drawing, replacing the file.
   *
   * @param file to write
   * @param machine where it ran
   * @param results in the order of the lines
   * @throws IOException if the file cannot be written
   */
  public static void write(final Path file, final Machine machine, final List<RowResult> results)
      throws IOException {
    Files.writeString(file, of(machine, results));
  }

  static String of(final Machine machine, final List<RowResult> results) {
    final List<RowResult> compared =
        results.stream()
            .filter(r -> r.kind() == RowResult.Kind.MEASURED && !Double.isNaN(r.reference()))
            .toList();
    double reach = LEAST_REACH;
    for (final RowResult result : compared) {
      for (final double value : new double[] {result.ratio(), result.spec().target().limit()}) {
        reach = Math.max(reach, 1.1 * Math.max(value, 1 / value));
      }
    }
    return new PlotReport(reach).draw(machine, compared);
  }

  private String draw(final Machine machine, final List<RowResult> results) {
    final int bottom = TOP_PX + LINE_PX * results.size();
    add(
        "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif'"
            + " font-size='12'>",
        WIDTH_PX, bottom + BOTTOM_PX);
    add("<rect width='100%%' height='100%%' fill='white'/>");
    text(LABEL_PX, 18, "start", "Ours / reference; the black mark is the target");
    for (final double tick : new double[] {0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50}) {
      if (tick >= 1 / reach && tick <= reach) {
        final double x = x(tick);
        line(x, TOP_PX - 6, bottom, tick == 1 ? "#444" : "#ddd", 1);
        text(x, TOP_PX - 12, "middle", number(tick));
      }
    }
    for (int i = 0; i < results.size(); i++) {
      bar(results.get(i), TOP_PX + LINE_PX * i + (LINE_PX - BAR_PX) / 2.0);
    }
    text(8, bottom + 22, "start", machine.text());
    return svg.append("</svg>\n").toString();
  }

  private void bar(final RowResult result, final double top) {
    final RowSpec spec = result.spec();
    final double from = Math.min(x(1), x(result.ratio()));
    final double width = Math.abs(x(result.ratio()) - x(1));
    final double baseline = top + BAR_PX - 3;
    add("<g><title>%s</title>", escape(spec.name()));
    text(LABEL_PX - 12, baseline, "end", spec.id());
    add(
        "<rect x='%.1f' y='%.1f' width='%.1f' height='%d' fill='%s'/>",
        from, top, width, BAR_PX, result.holds() ? "#2a7" : "#d62");
    line(x(spec.target().limit()), top - 3, top + BAR_PX + 3, "black", 2);
    text(
        LABEL_PX + SCALE_PX + 12,
        baseline,
        "start",
        Figures.of(result.ratio()) + " (" + spec.target().text() + ")");
    add("</g>");
  }

  /** Where a ratio stands. */
  private double x(final double ratio) {
    return LABEL_PX + SCALE_PX * (Math.log(ratio) / Math.log(reach) + 1) / 2;
  }

  private void line(
      final double x, final double top, final double bottom, final String color, final int width) {
    add(
        "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='%s' stroke-width='%d'/>",
        x, top, x, bottom, color, width);
  }

  private void text(final double x, final double y, final String anchor, final String content) {
    add("<text x='%.1f' y='%.1f' text-anchor='%s'>%s</text>", x, y, anchor, escape(content));
  }

  private void add(final String format, final Object... values) {
    svg.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  private static String number(final double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }

  private static String escape(final String content) {
    return content.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;");
  }
}
