package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ashlar.RpcException;
import java.util.Map;
import java.util.TreeMap;

/** Methods about the process as a whole: itself, its threads, its configuration. */
final class ProcessMethods {
  private static final long TICKS_PER_SECOND = 1_000_000_000; // they are nanoseconds
  private static final int EPERM = -1;

  /** By their names and numbers, as kill(1) takes them. */
  private static final Map<String, String> ENDING_SIGNALS =
      new TreeMap<>(Map.of("SIGHUP", "1", "SIGINT", "2", "SIGQUIT", "3", "SIGTERM", "15"));

  private final Methods methods;
  private final Runnable end;
  private final boolean mayEnd;

  private ProcessMethods(final Methods methods, final Runnable end, final boolean mayEnd) {
    this.methods = methods;
    this.end = end;
    this.mayEnd = mayEnd;
  }

  /**
   * Adds the methods.
   *
   * @param end what spdk_kill_instance does; returns at once
   * @param mayEnd whether clients may do that
   */
  static Methods addTo(final Methods methods, final Runnable end, final boolean mayEnd) {
    final ProcessMethods own = new ProcessMethods(methods, end, mayEnd);
    return methods
        .add("rpc_get_methods", own::names)
        .add("spdk_kill_instance", own::kill)
        .add("framework_get_reactors", ProcessMethods::reactors)
        .add("framework_wait_init", ProcessMethods::waitInit)
        .add("thread_get_stats", ProcessMethods::threads)
        .add("save_config", ProcessMethods::save)
        .add("load_config", ProcessMethods::load);
  }

  /** Adds those that are SPDK's to answer while it runs. */
  static Methods addEmbeddedTo(final Methods methods) {
    return methods
        .add("spdk_get_version", ProcessMethods::version)
        .add("framework_get_subsystems", ProcessMethods::subsystems)
        .add("framework_get_config", ProcessMethods::config);
  }

  static void putTicks(final ObjectNode into) {
    into.put("tick_rate", TICKS_PER_SECOND).put("ticks", System.nanoTime());
  }

  private Object names(final Params params) {
    final boolean current = params.flag("current");
    params.flag("include_aliases"); // there are none
    params.end();
    return current ? methods.currentNames() : methods.names();
  }

  private static Object version(final Params params) {
    params.end();
    final ObjectNode version = Json.MAPPER.createObjectNode().put("version", "Ashlar v0.1.0");
    version.putObject("fields").put("major", 0).put("minor", 1).put("patch", 0).put("suffix", "");
    return version;
  }

  private Object kill(final Params params) {
    final String signal = params.string("sig_name");
    params.end();
    if (!ENDING_SIGNALS.containsKey(signal) && !ENDING_SIGNALS.containsValue(signal)) {
      throw params.mustBe("sig_name", "one of " + ENDING_SIGNALS);
    }
    if (!mayEnd) {
      throw new RpcException(EPERM, "the program that serves this socket does not let it be ended");
    }
    end.run();
    return true;
  }

  // --- threads -----------------------------------------------------------------------------------

  private static Object reactors(final Params params) {
    params.end();
    final ObjectNode result = Json.MAPPER.createObjectNode();
    result.put("tick_rate", TICKS_PER_SECOND);
    final ArrayNode list = result.putArray("reactors");
    for (final ReactorThreads.Reactor reactor : ReactorThreads.all()) {
      final ObjectNode entry = list.addObject();
      entry.put("lcore", list.size() - 1);
      entry.put("busy", reactor.busyNanos()).put("idle", reactor.idleNanos());
      entry
          .putArray("lw_threads")
          .addObject()
          .put("name", "reactor_" + (list.size() - 1))
          .put("id", reactor.id())
          .put("elapsed", reactor.busyNanos() + reactor.idleNanos());
    }
    return result;
  }

  private static Object threads(final Params params) {
    params.end();
    final ObjectNode result = Json.MAPPER.createObjectNode();
    result.put("tick_rate", TICKS_PER_SECOND);
    final ArrayNode list = result.putArray("threads");
    for (final ReactorThreads.Reactor reactor : ReactorThreads.all()) {
      final String name = "reactor_" + list.size();
      list.addObject()
          .put("name", name)
          .put("id", reactor.id())
          .put("busy", reactor.busyNanos())
          .put("idle", reactor.idleNanos());
    }
    return result;
  }

  // --- configuration -----------------------------------------------------------------------------

  private static Object waitInit(final Params params) {
    params.end();
    return true;
  }

  private static Object subsystems(final Params params) {
    params.end();
    final ArrayNode list = Json.MAPPER.createArrayNode();
    list.addObject().put("subsystem", "bdev").putArray("depends_on");
    return list;
  }

  private static Object config(final Params params) {
    final String name = params.string("name");
    params.flag("with_batches"); // each of our calls stands alone
    params.end();
    if (!name.equals("bdev")) {
      throw Params.invalid("Subsystem '" + name + "' not found");
    }
    return BdevMethods.save();
  }

  /** As rpc.py puts it together. */
  private static Object save(final Params params) throws Exception {
    params.end();
    final ObjectNode root = Json.MAPPER.createObjectNode();
    final ArrayNode subsystems = root.putArray("subsystems");
    for (final JsonNode entry : ask("framework_get_subsystems", Json.MAPPER.createObjectNode())) {
      final String name = entry.path("subsystem").asText();
      subsystems
          .addObject()
          .put("subsystem", name)
          .set(
              "config",
              ask("framework_get_config", Json.MAPPER.createObjectNode().put("name", name)));
    }
    return root;
  }

  private static JsonNode ask(final String method, final ObjectNode params) throws Exception {
    return Json.MAPPER.valueToTree(TargetMethods.INSTANCE.call(method, params));
  }

  private static Object load(final Params params) {
    Configuration.apply("load_config", params.all());
    return true;
  }
}
