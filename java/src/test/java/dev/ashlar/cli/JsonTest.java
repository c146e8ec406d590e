package dev.ashlar.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class JsonTest {

  @Test
  void objectsArraysAndValuesAreSeparatedAndNested() {
    final StringBuilder out = new StringBuilder();
    new Json(out)
        .beginObject()
        .put("a", 1)
        .put("b", true)
        .put("c", 0.5)
        .put("d", Double.NaN)
        .beginArray("e")
        .beginObject()
        .endObject()
        .beginObject()
        .put("f", "g")
        .endObject()
        .endArray()
        .put("h", List.of("i", "j"))
        .put("k", List.of())
        .endObject();
    assertThat(out)
        .hasToString(
            "{\"a\":1,\"b\":true,\"c\":0.5,\"d\":null,\"e\":[{},{\"f\":\"g\"}],"
                + "\"h\":[\"i\",\"j\"],\"k\":[]}\n");
  }

  @Test
  void textIsEscaped() {
    final StringBuilder out = new StringBuilder();
    new Json(out).beginObject().put("\"\\", "\n\u0001\u007f\u00e9\ud83d\ude00\ud800").endObject();
    assertThat(out)
        .hasToString("{\"\\\"\\\\\":\"\\u000a\\u0001\\u007f\u00e9\ud83d\ude00\\ud800\"}\n");
  }
}
