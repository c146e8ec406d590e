package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ashlar.RpcException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** JSON-RPC 2.0: makes calls of messages, and answers of their results. */
final class Dispatcher {

  private static final int PARSE_ERROR = -32700;
  private static final int INVALID_REQUEST = -32600;
  private static final byte[] NEWLINE = {'\n'};

  /** Where answers go. */
  @FunctionalInterface
  interface Sink {
    void write(byte[] bytes) throws IOException;
  }

  private final Methods methods;

  Dispatcher(final Methods methods) {
    this.methods = methods;
  }

  /**
   * Answers a message.
   *
   * @param message one request, or an array of them
   * @return false if it was no JSON, so that nobody knows where the next message begins
   * @throws IOException if the answer cannot be written
   */
  boolean answer(final byte[] message, final Sink sink) throws IOException {
    final JsonNode parsed;
    try {
      parsed = Json.MAPPER.readTree(message);
    } catch (final JsonProcessingException e) {
      refuse(e.getOriginalMessage(), sink);
      return false;
    }
    if (parsed.isArray() && !parsed.isEmpty()) {
      answerAll(parsed, sink);
    } else {
      final ObjectNode response = answer(parsed);
      if (response != null) {
        sink.write(Json.MAPPER.writeValueAsBytes(response));
        sink.write(NEWLINE);
      }
    }
    return true;
  }

  /** Answers what is no message at all. */
  void refuse(final String why, final Sink sink) throws IOException {
    final ObjectNode response =
        failure(NullNode.getInstance(), new RpcException(PARSE_ERROR, "Parse error: " + why));
    sink.write(Json.MAPPER.writeValueAsBytes(response));
    sink.write(NEWLINE);
  }

  /** Each answer is written before the next is made, so that they need no memory together. */
  private void answerAll(final JsonNode requests, final Sink sink) throws IOException {
    String before = "[";
    for (final JsonNode request : requests) {
      final ObjectNode response = answer(request);
      if (response != null) {
        sink.write(before.getBytes(StandardCharsets.UTF_8));
        sink.write(Json.MAPPER.writeValueAsBytes(response));
        before = ",";
      }
    }
    if (before.equals(",")) { // not all were notifications
      sink.write("]\n".getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Null: it was a notification. */
  private @Nullable ObjectNode answer(final JsonNode request) {
    final JsonNode id = request.get("id");
    final String problem = problemOf(request);
    if (problem != null) {
      return failure(
          isId(id) ? id : NullNode.getInstance(),
          new RpcException(INVALID_REQUEST, "Invalid request: " + problem));
    }
    ObjectNode response;
    try {
      final JsonNode result =
          Json.MAPPER.valueToTree(
              methods.call(request.get("method").textValue(), paramsOf(request)));
      response = begin(id).set("result", result);
    } catch (final Exception e) {
      response = failure(id, RpcErrors.of(e));
    } catch (final StackOverflowError | OutOfMemoryError e) {
      response = failure(id, new RpcException(RpcException.INTERNAL_ERROR, e.toString()));
    }
    return request.has("id") ? response : null;
  }

  private static @Nullable String problemOf(final JsonNode request) {
    if (!request.isObject()) {
      return "it is no object";
    }
    final JsonNode version = request.get("jsonrpc");
    if (version != null && !"2.0".equals(version.textValue())) {
      return "jsonrpc is not \"2.0\"";
    }
    if (!request.path("method").isTextual()) {
      return "method is missing, or no string";
    }
    if (request.has("id") && !isId(request.get("id"))) {
      return "id is neither a number nor a string nor null";
    }
    final JsonNode params = request.path("params");
    if (!params.isMissingNode() && !params.isNull() && !params.isContainerNode()) {
      return "params is neither an object nor an array";
    }
    return null;
  }

  private static boolean isId(final @Nullable JsonNode id) {
    return id != null && (id.isTextual() || id.isNumber() || id.isNull());
  }

  private static ObjectNode paramsOf(final JsonNode request) {
    final JsonNode params = request.path("params");
    if (params instanceof ObjectNode object) {
      return object;
    }
    if (params.isArray() && !params.isEmpty()) {
      throw Params.invalid("parameters are given by their names, not by their places");
    }
    return Json.MAPPER.createObjectNode();
  }

  private static ObjectNode begin(final @Nullable JsonNode id) {
    final ObjectNode response = Json.MAPPER.createObjectNode();
    response.put("jsonrpc", "2.0");
    return response.set("id", id == null ? NullNode.getInstance() : id);
  }

  private static ObjectNode failure(final @Nullable JsonNode id, final RpcException error) {
    final ObjectNode response = begin(id);
    response.putObject("error").put("code", error.code()).put("message", error.getMessage());
    return response;
  }
}
