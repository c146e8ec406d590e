package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ashlar.internal.NativeSpdk;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Methods about bdevs and what is beneath them: SPDK's own while it runs, else ours, which do the
 * same for the bdevs of this library.
 */
final class TargetMethods implements MethodSource {

  static final TargetMethods INSTANCE = new TargetMethods();

  private final MethodSource spdk = new SpdkMethods();
  private final MethodSource embedded =
      ProcessMethods.addEmbeddedTo(BdevMethods.addTo(Configuration.addTo(new Methods())));

  private TargetMethods() {}

  private MethodSource current() {
    return NativeSpdk.isRunning() ? spdk : embedded;
  }

  @Override
  public Set<String> names() {
    return current().names();
  }

  @Override
  public Set<String> currentNames() {
    return current().currentNames();
  }

  @Override
  public @Nullable Object call(final String method, final ObjectNode params) throws Exception {
    return current().call(method, params);
  }
}
