package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.SplittableRandom;

/** Any JSON, written in any way. */
final class RandomJson {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** With all that has a meaning outside of strings. */
  private static final String CHARACTERS = "ab{}[]\":,\\/ \n\u0000\u007f\u00e9\u4e2d";

  private RandomJson() {}

  static String string(final SplittableRandom random) {
    final StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(8); i > 0; i--) {
      text.append(CHARACTERS.charAt(random.nextInt(CHARACTERS.length())));
    }
    return text.toString();
  }

  /** A value of at most so many levels. */
  static JsonNode value(final SplittableRandom random, final int levels) {
    return switch (random.nextInt(levels > 0 ? 7 : 5)) {
      case 0 -> NODES.textNode(string(random));
      case 1 -> NODES.numberNode(random.nextLong() >> random.nextInt(64));
      case 2 -> NODES.numberNode(random.nextInt(1000) / 8.0);
      case 3 -> NODES.booleanNode(random.nextBoolean());
      case 4 -> NODES.nullNode();
      default -> container(random, levels - 1);
    };
  }

  /** An array or an object, with values of at most so many levels. */
  static JsonNode container(final SplittableRandom random, final int levels) {
    if (random.nextBoolean()) {
      final ArrayNode array = NODES.arrayNode();
      for (int i = random.nextInt(4); i > 0; i--) {
        array.add(value(random, levels));
      }
      return array;
    }
    final ObjectNode object = NODES.objectNode();
    for (int i = random.nextInt(4); i > 0; i--) {
      object.set(string(random), value(random, levels));
    }
    return object;
  }

  /** Written with white space where it may be. */
  static String spaced(final JsonNode node, final SplittableRandom random) {
    return random.nextBoolean() ? node.toString() : node.toPrettyString();
  }
}
