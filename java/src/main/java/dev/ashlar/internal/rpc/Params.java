package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ashlar.RpcException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a call. A method asks for each by its name, those that it knows and did not get
 * too, and then calls {@link #end}, which refuses the others.
 */
final class Params {
  private final ObjectNode given;
  private final Set<String> known = new TreeSet<>();

  Params(final ObjectNode given) {
    this.given = given;
  }

  /** Refuses parameters that nobody has asked for. */
  void end() {
    given
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (!known.contains(name)) {
                throw invalid(
                    "unknown parameter \""
                        + name
                        + "\""
                        + (known.isEmpty() ? "; there are none" : "; known are " + known));
              }
            });
  }

  /** All of them, as they came. */
  ObjectNode all() {
    return given;
  }

  String string(final String name) {
    return required(name, optionalString(name));
  }

  @Nullable String optionalString(final String name) {
    final JsonNode value = find(name);
    if (value == null) {
      return null;
    }
    if (!value.isTextual()) {
      throw mustBe(name, "a string");
    }
    return value.textValue();
  }

  @Nullable List<String> optionalStrings(final String name) {
    final JsonNode value = find(name);
    if (value == null) {
      return null;
    }
    final List<String> strings = new ArrayList<>();
    value.forEach(element -> strings.add(element.textValue()));
    if (!value.isArray() || strings.contains(null)) {
      throw mustBe(name, "an array of strings");
    }
    return strings;
  }

  /** Within bounds, both included. */
  long number(final String name, final long least, final long most) {
    return required(name, optionalNumber(name, least, most));
  }

  @Nullable Long optionalNumber(final String name, final long least, final long most) {
    final JsonNode value = find(name);
    if (value == null) {
      return null;
    }
    if (!value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < least
        || value.longValue() > most) {
      throw mustBe(name, "a whole number from " + least + " to " + most);
    }
    return value.longValue();
  }

  long number(final String name, final long least, final long most, final long otherwise) {
    final Long value = optionalNumber(name, least, most);
    return value == null ? otherwise : value;
  }

  boolean flag(final String name) {
    final JsonNode value = find(name);
    if (value != null && !value.isBoolean()) {
      throw mustBe(name, "true or false");
    }
    return value != null && value.booleanValue();
  }

  @Nullable UUID optionalUuid(final String name) {
    final String text = optionalString(name);
    if (text == null) {
      return null;
    }
    try {
      final UUID uuid = UUID.fromString(text);
      if (uuid.toString().equalsIgnoreCase(text)) {
        return uuid;
      }
    } catch (final IllegalArgumentException e) {
      // told below
    }
    throw mustBe(name, "a UUID such as 3f2a9c1e-0d5b-4c6a-9e1f-7b8a2c4d6e0f");
  }

  /** A value that is not there, or null. */
  @Nullable JsonNode find(final String name) {
    known.add(name);
    final JsonNode value = given.get(name);
    return value == null || value.isNull() ? null : value;
  }

  /** A parameter is not what it must be. */
  RpcException mustBe(final String name, final String what) {
    return invalid("parameter \"" + name + "\" must be " + what);
  }

  static RpcException invalid(final String message) {
    return new RpcException(RpcException.INVALID_PARAMETERS, message);
  }

  private static <T> T required(final String name, final @Nullable T value) {
    if (value == null) {
      throw invalid("parameter \"" + name + "\" is missing");
    }
    return value;
  }
}
