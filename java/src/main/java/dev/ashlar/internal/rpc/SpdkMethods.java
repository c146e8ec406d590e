package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ashlar.RpcException;
import dev.ashlar.internal.NativeSpdk;
import java.util.Set;
import java.util.TreeSet;

/** SPDK's own methods, whichever the SPDK has that runs in this process. */
final class SpdkMethods implements MethodSource {

  /** SPDK is trusted: what it answers may be larger than what clients may send. */
  private static final ObjectMapper ANSWERS = new ObjectMapper();

  @Override
  public Set<String> names() {
    return names(Json.MAPPER.createObjectNode());
  }

  @Override
  public Set<String> currentNames() {
    return names(Json.MAPPER.createObjectNode().put("current", true));
  }

  private Set<String> names(final ObjectNode params) {
    final Set<String> names = new TreeSet<>();
    call("rpc_get_methods", params).forEach(name -> names.add(name.asText()));
    return names;
  }

  @Override
  public JsonNode call(final String method, final ObjectNode params) {
    final NativeSpdk.Reply reply =
        NativeSpdk.call(method, params.isEmpty() ? "" : params.toString());
    if (reply.errorCode() != 0) {
      throw new RpcException(reply.errorCode(), reply.text());
    }
    try {
      return ANSWERS.readTree(reply.text());
    } catch (final JsonProcessingException e) {
      throw new IllegalStateException("SPDK's answer to " + method + " is no JSON", e);
    }
  }
}
