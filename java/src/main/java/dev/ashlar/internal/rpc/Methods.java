package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ashlar.RpcException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Methods by their names. May be used by many threads at once. */
final class Methods implements MethodSource {

  /** A method of this library. */
  @FunctionalInterface
  interface Method {
    /** The result: what {@code Json.MAPPER} can write. */
    @Nullable Object call(Params params) throws Exception;
  }

  private final Map<String, Method> methods = new ConcurrentHashMap<>();
  private final List<MethodSource> others = new CopyOnWriteArrayList<>();

  Methods add(final String name, final Method method) {
    if (methods.putIfAbsent(name, method) != null) {
      throw new IllegalArgumentException("there is a method " + name + " already");
    }
    return this;
  }

  /** Asks somebody else for methods that are not here. */
  Methods addSource(final MethodSource source) {
    others.add(source);
    return this;
  }

  /** All names, ascending. */
  @Override
  public Set<String> names() {
    final Set<String> names = new TreeSet<>(methods.keySet());
    others.forEach(source -> names.addAll(source.names()));
    return names;
  }

  @Override
  public Set<String> currentNames() {
    final Set<String> names = new TreeSet<>(methods.keySet());
    others.forEach(source -> names.addAll(source.currentNames()));
    return names;
  }

  /**
   * Calls a method.
   *
   * @throws RpcException if there is none, or whatever it throws
   */
  @Override
  public @Nullable Object call(final String name, final ObjectNode params) throws Exception {
    final Method method = methods.get(name);
    if (method != null) {
      return method.call(new Params(params));
    }
    for (final MethodSource source : others) {
      if (source.names().contains(name)) {
        return source.call(name, params);
      }
    }
    throw new RpcException(RpcException.METHOD_NOT_FOUND, "Method not found: " + name);
  }
}
