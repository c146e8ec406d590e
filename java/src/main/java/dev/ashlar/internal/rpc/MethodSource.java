package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who answers methods: a table of our own, what a program has registered, or another server. */
interface MethodSource {

  /** The methods that it answers now, ascending. */
  Set<String> names();

  /**
   * Answers a call of one of {@link #names}.
   *
   * @return what {@code Json.MAPPER} can write
   * @throws dev.ashlar.RpcException with the error to answer
   */
  @Nullable Object call(String method, ObjectNode params) throws Exception;
}
