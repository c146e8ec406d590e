package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who answers methods: a table of our own, what a program has registered, or another server. */
interface MethodSource {

  /** The methods that it knows, ascending. */
  Set<String> names();

  /** Those of them that it answers now; others had their time, or have it later. */
  default Set<String> currentNames() {
    return names();
  }

  /**
   * Answers a call of one of {@link #names}.
   *
   * @return what {@code Json.MAPPER} can write
   * @throws dev.ashlar.RpcException with the error to answer
   */
  @Nullable Object call(String method, ObjectNode params) throws Exception;
}
