package dev.ashlar.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class PlotReportTest {

  private static final Machine MACHINE = new Machine("c <&> u", 2, "6.1", "17", "ext4", "io_uring");
  private static final RowSpec TWICE =
      RowSpec.of("P7", "o'urs / <theirs>", "ops/s", Bound.atLeast(2, "x"));
  private static final RowSpec IDLE = RowSpec.of("P13", "idle", "%", Bound.atMost(1, " %"));

  private static Document draw(final RowResult... results) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(PlotReport.of(MACHINE, List.of(results)))));
  }

  private static List<Element> bars(final Document drawing) {
    final NodeList groups = drawing.getElementsByTagName("g");
    final List<Element> bars = new ArrayList<>();
    for (int i = 0; i < groups.getLength(); i++) {
      bars.add((Element) ((Element) groups.item(i)).getElementsByTagName("rect").item(0));
    }
    return bars;
  }

  private static double number(final Element element, final String name) {
    return Double.parseDouble(element.getAttribute(name));
  }

  @Test
  void barsBeginAtOneAndEndAtTheRatio() throws Exception {
    final List<Element> bars = bars(draw(TWICE.compared(200, 100), TWICE.compared(100, 200)));
    assertThat(bars).hasSize(2);
    final Element faster = bars.get(0);
    final Element slower = bars.get(1);
    assertThat(number(faster, "width")).isPositive().isEqualTo(number(slower, "width"));
    assertThat(number(slower, "x") + number(slower, "width")).isEqualTo(number(faster, "x"));
    assertThat(faster.getAttribute("fill")).isNotEqualTo(slower.getAttribute("fill"));
  }

  @Test
  void whatIsNoComparisonIsLeftOut() throws Exception {
    assertThat(
            bars(
                draw(
                    IDLE.measured(0.1),
                    TWICE.skipped("no fio"),
                    TWICE.failed(new IllegalStateException()))))
        .isEmpty();
  }

  @Test
  void everyRatioStaysInsideTheDrawing() throws Exception {
    final Document drawing = draw(TWICE.compared(100_000, 1), TWICE.compared(1, 100_000));
    final double width = number(drawing.getDocumentElement(), "width");
    for (final Element bar : bars(drawing)) {
      assertThat(number(bar, "x")).isNotNegative();
      assertThat(number(bar, "x") + number(bar, "width")).isLessThan(width);
    }
  }
}
