package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ashlar.BadConfigurationException;
import dev.ashlar.NoSuchDeviceException;
import dev.ashlar.internal.Bdev;
import dev.ashlar.internal.Bdevs;
import dev.ashlar.internal.NativeSpdk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SPDK's configuration: calls of methods, by subsystems. Those that make bdevs are carried out,
 * those that adjust parts of SPDK which are not here have no effect, and everything else is refused
 * with its name and place. It takes effect as a whole or not at all.
 */
public final class Configuration {
  private static final Logger LOG = LoggerFactory.getLogger(Configuration.class);

  private static final Set<String> SUBSYSTEMS =
      Set.of(
          "accel",
          "bdev",
          "fsdev",
          "iobuf",
          "iscsi",
          "keyring",
          "nbd",
          "nvmf",
          "scheduler",
          "scsi",
          "sock",
          "ublk",
          "vfio_user_target",
          "vhost_blk",
          "vhost_scsi",
          "vmd");

  /** Settings of SPDK's targets, which are not here whether SPDK runs or not. */
  private static final Set<String> OF_TARGETS =
      Set.of(
          "framework_set_scheduler",
          "fsdev_set_opts",
          "iscsi_set_options",
          "nvmf_set_config",
          "nvmf_set_crdt",
          "nvmf_set_max_subsystems",
          "virtio_blk_create_transport");

  /** Settings of the parts beneath bdevs, which are there only when SPDK runs. */
  private static final Set<String> OF_PARTS =
      Set.of(
          "accel_set_options",
          "bdev_iscsi_set_options",
          "bdev_nvme_set_hotplug",
          "bdev_nvme_set_options",
          "bdev_raid_set_options",
          "bdev_set_options",
          "iobuf_set_options",
          "keyring_linux_set_options",
          "sock_impl_set_options",
          "sock_set_default_impl");

  /** Files, unlike messages, may have comments. */
  private static final ObjectReader FILES =
      Json.MAPPER.reader().with(JsonReadFeature.ALLOW_JAVA_COMMENTS);

  private static final MethodSource MAKERS = addTo(new Methods());

  /** What becomes of a call. */
  @FunctionalInterface
  private interface Sink {
    void take(String method, ObjectNode params) throws Exception;
  }

  private final String name;
  private final Map<String, Integer> lines;

  private Configuration(final String name, final Map<String, Integer> lines) {
    this.name = name;
    this.lines = lines;
  }

  /** The methods that can stand in a configuration when SPDK does not run. */
  static Methods addTo(final Methods methods) {
    BdevMethods.addMakersTo(methods);
    OF_PARTS.forEach(method -> methods.add(method, params -> true));
    return methods;
  }

  /** Those that can stand there in any case, and never have an effect. */
  static Methods addOfTargetsTo(final Methods methods) {
    OF_TARGETS.forEach(method -> methods.add(method, params -> true));
    return methods;
  }

  /**
   * Carries out the calls in a file. While SPDK runs it is SPDK that does so, and what was before a
   * call that fails has happened; else a file takes effect as a whole or not at all.
   *
   * @param file JSON, at most 1 MiB; comments as in C are allowed, as SPDK allows them
   * @throws NoSuchDeviceException if there is no such file
   * @throws BadConfigurationException if something in it is wrong
   */
  public static void load(final Path file) {
    final byte[] content = read(file);
    new Configuration(file.toString(), linesOf(file, content)).carryOut(parse(file, content));
  }

  /** Carries out the calls in what rpc has brought. */
  static void apply(final String name, final JsonNode root) {
    new Configuration(name, Map.of()).carryOut(root);
  }

  /**
   * What SPDK is to be started with: the calls in a file without those that concern its targets.
   *
   * @param file as in {@link #load}
   * @return SPDK's configuration, as every version of SPDK reads it
   * @throws NoSuchDeviceException if there is no such file
   * @throws BadConfigurationException if it is not of the right shape; SPDK looks at the calls
   */
  public static String forSpdk(final Path file) {
    final byte[] content = read(file);
    final ArrayNode calls = Json.MAPPER.createArrayNode();
    new Configuration(file.toString(), linesOf(file, content))
        .forEachCall(
            parse(file, content),
            (method, params) -> calls.addObject().put("method", method).set("params", params));
    final ObjectNode root = Json.MAPPER.createObjectNode();
    root.putArray("subsystems").addObject().put("subsystem", "bdev").set("config", calls);
    return root.toString();
  }

  // --- files -------------------------------------------------------------------------------------

  private static byte[] read(final Path file) {
    try {
      if (Files.size(file) > Json.MAX_BYTES) {
        throw new BadConfigurationException(file + " has more than " + Json.MAX_BYTES + " bytes");
      }
      return Files.readAllBytes(file);
    } catch (final NoSuchFileException e) {
      throw new NoSuchDeviceException("there is no configuration file " + file, e);
    } catch (final IOException e) {
      throw new BadConfigurationException("cannot read " + file + ": " + e, e);
    }
  }

  private static JsonNode parse(final Path file, final byte[] content) {
    try {
      return FILES.readTree(content);
    } catch (final IOException e) {
      throw noJson(file, e);
    }
  }

  private static BadConfigurationException noJson(final Path file, final IOException e) {
    if (e instanceof JsonProcessingException wrong) {
      final int line = wrong.getLocation() == null ? 1 : wrong.getLocation().getLineNr();
      return new BadConfigurationException(
          file + ", line " + line + ": " + wrong.getOriginalMessage(), e);
    }
    return new BadConfigurationException(file + ": " + e, e);
  }

  /** The lines on which objects begin, by their places. */
  private static Map<String, Integer> linesOf(final Path file, final byte[] content) {
    final Map<String, Integer> lines = new HashMap<>();
    try (JsonParser parser = FILES.createParser(content)) {
      while (parser.nextToken() != null) {
        if (parser.currentToken() == JsonToken.START_OBJECT) {
          lines.put(
              parser.getParsingContext().pathAsPointer().toString(),
              parser.currentTokenLocation().getLineNr());
        }
      }
    } catch (final IOException e) {
      throw noJson(file, e);
    }
    return lines;
  }

  // --- calls -------------------------------------------------------------------------------------

  private void carryOut(final JsonNode root) {
    final MethodSource methods = NativeSpdk.isRunning() ? TargetMethods.INSTANCE : MAKERS;
    final Set<String> known = methods.names();
    final Set<String> current = methods.currentNames();
    final List<Bdev> before = Bdevs.all();
    try {
      forEachCall(
          root,
          (method, params) -> {
            if (!known.contains(method)) {
              throw new NoSuchElementException("unknown method \"" + method + "\"");
            }
            if (!current.contains(method)) {
              LOG.warn("{}: {} comes too late, SPDK runs already", name, method);
              return;
            }
            if (OF_PARTS.contains(method) && methods == MAKERS) {
              LOG.info("{}: {} has no effect without SPDK", name, method);
            }
            methods.call(method, params);
          });
    } catch (final RuntimeException e) {
      undo(before, e);
      throw e;
    }
  }

  private void forEachCall(final JsonNode root, final Sink sink) {
    refuseOthers(root, "", Set.of("subsystems"));
    final JsonNode subsystems = array(root.get("subsystems"), "/subsystems");
    for (int i = 0; i < subsystems.size(); i++) {
      walkSubsystem(subsystems.get(i), "/subsystems/" + i, sink);
    }
  }

  private static void undo(final List<Bdev> before, final RuntimeException failure) {
    final List<Bdev> made = new ArrayList<>(Bdevs.all());
    made.removeAll(before);
    Collections.reverse(made);
    for (final Bdev bdev : made) {
      try {
        Bdevs.delete(bdev.name());
      } catch (final RuntimeException e) {
        failure.addSuppressed(e);
      }
    }
  }

  private void walkSubsystem(final JsonNode entry, final String place, final Sink sink) {
    refuseOthers(entry, place, Set.of("subsystem", "config"));
    final String subsystem = entry.path("subsystem").asText();
    if (!SUBSYSTEMS.contains(subsystem)) {
      throw wrong(place, "unknown subsystem \"" + subsystem + "\"", null);
    }
    final JsonNode config = entry.path("config");
    if (config.isMissingNode() || config.isNull()) {
      return;
    }
    array(config, place + "/config");
    for (int i = 0; i < config.size(); i++) {
      walkEntry(config.get(i), place + "/config/" + i, sink);
    }
  }

  /** A call, or a batch of them, as SPDK writes them since v26.05. */
  private void walkEntry(final JsonNode entry, final String place, final Sink sink) {
    if (!entry.isArray()) {
      takeCall(entry, place, sink);
      return;
    }
    for (int i = 0; i < entry.size(); i++) {
      takeCall(entry.get(i), place + "/" + i, sink);
    }
  }

  private void takeCall(final JsonNode call, final String place, final Sink sink) {
    refuseOthers(call, place, Set.of("method", "params"));
    final String method = call.path("method").asText();
    final JsonNode params = call.path("params");
    if (!params.isMissingNode() && !params.isObject()) {
      throw wrong(place, "the params of " + method + " are no object", null);
    }
    if (OF_TARGETS.contains(method)) {
      LOG.info("{}: {} has no effect", name, method);
      return;
    }
    try {
      sink.take(
          method, params instanceof ObjectNode object ? object : Json.MAPPER.createObjectNode());
    } catch (final NoSuchElementException e) {
      throw wrong(place, e.getMessage(), e);
    } catch (final Exception e) {
      throw wrong(place, method + ": " + e.getMessage(), e);
    }
  }

  private JsonNode array(final @Nullable JsonNode node, final String at) {
    if (node == null || !node.isArray()) {
      throw wrong(at, "an array is missing", null);
    }
    return node;
  }

  private void refuseOthers(final JsonNode object, final String place, final Set<String> known) {
    if (!object.isObject()) {
      throw wrong(place, "an object is missing", null);
    }
    for (final Iterator<String> names = object.fieldNames(); names.hasNext(); ) {
      final String member = names.next();
      if (!known.contains(member)) {
        throw wrong(place, "unknown member \"" + member + "\"", null);
      }
    }
  }

  private BadConfigurationException wrong(
      final String place, final String what, final @Nullable Exception cause) {
    final Integer line = lines.get(place);
    return new BadConfigurationException(
        name
            + (line == null ? "" : ", line " + line)
            + (place.isEmpty() ? "" : ", " + place)
            + ": "
            + what,
        cause);
  }
}
