package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ashlar.BadConfigurationException;
import dev.ashlar.NoSuchDeviceException;
import dev.ashlar.internal.Bdev;
import dev.ashlar.internal.Bdevs;
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
          "vhost_blk",
          "vhost_scsi",
          "vmd");

  /** What SPDK's save_config writes also for a target that has nothing but bdevs. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "accel_set_options",
          "bdev_iscsi_set_options",
          "bdev_nvme_set_hotplug",
          "bdev_nvme_set_options",
          "bdev_raid_set_options",
          "bdev_set_options",
          "framework_set_scheduler",
          "fsdev_set_opts",
          "iobuf_set_options",
          "iscsi_set_options",
          "keyring_linux_set_options",
          "nvmf_set_config",
          "nvmf_set_crdt",
          "nvmf_set_max_subsystems",
          "sock_impl_set_options",
          "sock_set_default_impl",
          "virtio_blk_create_transport");

  /** Files, unlike messages, may have comments. */
  private static final ObjectReader FILES =
      Json.MAPPER.reader().with(JsonReadFeature.ALLOW_JAVA_COMMENTS);

  private final Methods methods = addTo(new Methods());
  private final Map<String, Integer> lines;
  private final String name;

  private Configuration(final String name, final Map<String, Integer> lines) {
    this.name = name;
    this.lines = lines;
  }

  /** The methods that can stand in a configuration. */
  static Methods addTo(final Methods methods) {
    BdevMethods.addMakersTo(methods);
    WITHOUT_EFFECT.forEach(method -> methods.add(method, params -> true));
    return methods;
  }

  /**
   * Carries out the calls in a file.
   *
   * @param file JSON, at most 1 MiB; comments as in C are allowed, as SPDK allows them
   * @throws NoSuchDeviceException if there is no such file
   * @throws BadConfigurationException if something in it is wrong; then nothing has changed
   */
  public static void load(final Path file) {
    final byte[] content;
    final JsonNode root;
    final Map<String, Integer> lines;
    try {
      if (Files.size(file) > Json.MAX_BYTES) {
        throw new BadConfigurationException(file + " has more than " + Json.MAX_BYTES + " bytes");
      }
      content = Files.readAllBytes(file);
      root = FILES.readTree(content);
      lines = linesOf(content);
    } catch (final NoSuchFileException e) {
      throw new NoSuchDeviceException("there is no configuration file " + file, e);
    } catch (final JsonProcessingException e) {
      final int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw new BadConfigurationException(
          file + ", line " + line + ": " + e.getOriginalMessage(), e);
    } catch (final IOException e) {
      throw new BadConfigurationException("cannot read " + file + ": " + e, e);
    }
    new Configuration(file.toString(), lines).apply(root);
  }

  /** Carries out the calls in what rpc has brought. */
  static void apply(final String name, final JsonNode root) {
    new Configuration(name, Map.of()).apply(root);
  }

  /** The lines on which objects begin, by their places. */
  private static Map<String, Integer> linesOf(final byte[] content) throws IOException {
    final Map<String, Integer> lines = new HashMap<>();
    try (JsonParser parser = FILES.createParser(content)) {
      while (parser.nextToken() != null) {
        if (parser.currentToken() == JsonToken.START_OBJECT) {
          lines.put(
              parser.getParsingContext().pathAsPointer().toString(),
              parser.currentTokenLocation().getLineNr());
        }
      }
    }
    return lines;
  }

  private void apply(final JsonNode root) {
    final List<Bdev> before = Bdevs.all();
    try {
      refuseOthers(root, "", Set.of("subsystems"));
      final JsonNode subsystems = array(root.get("subsystems"), "/subsystems");
      for (int i = 0; i < subsystems.size(); i++) {
        applySubsystem(subsystems.get(i), "/subsystems/" + i);
      }
    } catch (final RuntimeException e) {
      undo(before, e);
      throw e;
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

  private void applySubsystem(final JsonNode entry, final String place) {
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
      applyEntry(config.get(i), place + "/config/" + i);
    }
  }

  /** A call, or a batch of them, as SPDK writes them since v26.05. */
  private void applyEntry(final JsonNode entry, final String place) {
    if (!entry.isArray()) {
      applyCall(entry, place);
      return;
    }
    for (int i = 0; i < entry.size(); i++) {
      applyCall(entry.get(i), place + "/" + i);
    }
  }

  private void applyCall(final JsonNode call, final String place) {
    refuseOthers(call, place, Set.of("method", "params"));
    final String method = call.path("method").asText();
    if (!methods.names().contains(method)) {
      throw wrong(place, "unknown method \"" + method + "\"", null);
    }
    final JsonNode params = call.path("params");
    if (!params.isMissingNode() && !params.isObject()) {
      throw wrong(place, "the params of " + method + " are no object", null);
    }
    if (WITHOUT_EFFECT.contains(method)) {
      LOG.info("{}: {} has no effect without SPDK", name, method);
    }
    try {
      methods.call(
          method, params instanceof ObjectNode object ? object : Json.MAPPER.createObjectNode());
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
