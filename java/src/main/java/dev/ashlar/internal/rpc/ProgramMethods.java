package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ashlar.RpcMethod;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The methods that the program has registered; every server of the process answers them. */
public final class ProgramMethods implements MethodSource {

  static final ProgramMethods INSTANCE = new ProgramMethods();

  private final Methods methods = new Methods();

  private ProgramMethods() {}

  /**
   * Registers a method.
   *
   * @param name not one of ours, nor registered already
   * @param method what answers it
   */
  public static void register(final String name, final RpcMethod method) {
    if (Server.isBuiltIn(name)) {
      throw new IllegalArgumentException("method " + name + " is one of Ashlar's");
    }
    INSTANCE.methods.add(name, params -> method.call(toMap(params.all())));
  }

  private static Map<String, Object> toMap(final ObjectNode params) {
    return Json.MAPPER.convertValue(
        params,
        Json.MAPPER.getTypeFactory().constructMapType(Map.class, String.class, Object.class));
  }

  @Override
  public Set<String> names() {
    return methods.names();
  }

  @Override
  public @Nullable Object call(final String method, final ObjectNode params) throws Exception {
    return methods.call(method, params);
  }
}
