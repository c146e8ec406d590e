package dev.ashlar;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A method that the rpc socket answers, see {@link AshlarRuntime#register}. May be called by many
 * threads at once; while it works, its caller's next request waits.
 */
@FunctionalInterface
public interface RpcMethod {

  /**
   * Answers a request.
   *
   * @param parameters by their names; values are strings, {@link Number}s, {@link Boolean}s, null,
   *     {@link java.util.List}s and {@link Map}s of these. Empty if none were given
   * @return the result, of the same types
   * @throws RpcException to answer with an error of one's own choice
   * @throws Exception to answer with an error; of those of this library the cause is told by the
   *     code, others give {@link RpcException#INTERNAL_ERROR}
   */
  @Nullable Object call(Map<String, Object> parameters) throws Exception;
}
