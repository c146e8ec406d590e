package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ashlar.UnsupportedDeviceException;
import dev.ashlar.internal.Bdev;
import dev.ashlar.internal.Bdev.FileOptions;
import dev.ashlar.internal.Bdevs;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Methods about bdevs; those that make them are what a configuration consists of. */
final class BdevMethods {

  /** Types of I/O as SPDK lists them; ours are the first, the others are never there. */
  private static final List<String> IO_TYPES = List.of("read", "write", "flush");

  private static final List<String> OTHER_IO_TYPES =
      List.of(
          "write_zeroes",
          "reset",
          "compare",
          "compare_and_write",
          "abort",
          "nvme_admin",
          "nvme_io");

  private static final long MAX_WAIT_MILLIS = 3_600_000;

  private BdevMethods() {}

  /** What can stand in a configuration. */
  static Methods addMakersTo(final Methods methods) {
    return methods
        .add("bdev_malloc_create", BdevMethods::createMalloc)
        .add("bdev_aio_create", BdevMethods::createAio)
        .add("bdev_uring_create", BdevMethods::createUring)
        .add("bdev_nvme_attach_controller", params -> needsSpdk("bdev_nvme_attach_controller"))
        .add("bdev_wait_for_examine", BdevMethods::waitForExamine);
  }

  static Methods addTo(final Methods methods) {
    return methods
        .add("bdev_malloc_delete", params -> delete(params, Bdev.Kind.MALLOC))
        .add("bdev_aio_delete", params -> delete(params, Bdev.Kind.AIO))
        .add("bdev_uring_delete", params -> delete(params, Bdev.Kind.URING))
        .add("bdev_get_bdevs", BdevMethods::list)
        .add("bdev_get_iostat", BdevMethods::statistics);
  }

  // --- making and deleting -----------------------------------------------------------------------

  private static Object createMalloc(final Params params) {
    final String name = params.optionalString("name");
    final var uuid = params.optionalUuid("uuid");
    final long blocks = params.number("num_blocks", 1, Long.MAX_VALUE);
    final int blockBytes = (int) params.number("block_size", 1, Integer.MAX_VALUE);
    // What a physical drive would have, and memory need not.
    params.optionalNumber("physical_block_size", 0, Integer.MAX_VALUE);
    params.optionalNumber("optimal_io_boundary", 0, Integer.MAX_VALUE);
    refuseUnless(params.number("md_size", 0, Integer.MAX_VALUE, 0) == 0, "md_size");
    refuseUnless(params.number("dif_type", 0, Integer.MAX_VALUE, 0) == 0, "dif_type");
    params.optionalNumber("dif_pi_format", 0, Integer.MAX_VALUE);
    params.optionalNumber("numa_id", -1, Integer.MAX_VALUE);
    params.flag("md_interleave");
    params.flag("dif_is_head_of_md");
    params.end();
    return Bdevs.createMalloc(name, uuid, blocks, blockBytes).name();
  }

  private static void refuseUnless(final boolean supported, final String parameter) {
    if (!supported) {
      throw new UnsupportedDeviceException(
          "parameter \"" + parameter + "\": blocks with metadata are not supported");
    }
  }

  private static Object createAio(final Params params) {
    // How SPDK trims and submits; io_uring decides here.
    params.flag("fallocate");
    params.flag("nowait");
    return createFile(params, Bdev.Kind.AIO, params.flag("readonly"));
  }

  private static Object createUring(final Params params) {
    return createFile(params, Bdev.Kind.URING, false);
  }

  private static Object createFile(
      final Params params, final Bdev.Kind kind, final boolean readOnly) {
    final String name = params.string("name");
    final String file = params.string("filename");
    final int blockBytes = (int) params.number("block_size", 0, Integer.MAX_VALUE, 0);
    final var uuid = params.optionalUuid("uuid");
    params.end();
    return Bdevs.createFile(kind, name, new FileOptions(file, blockBytes, readOnly, uuid)).name();
  }

  private static Object needsSpdk(final String method) {
    throw new UnsupportedDeviceException(
        method
            + " needs SPDK, and this is Ashlar without it: NVMe drives are bdevs by"
            + " bdev_uring_create, with the block device of the kernel");
  }

  private static Object waitForExamine(final Params params) {
    params.end();
    return true;
  }

  private static Object delete(final Params params, final Bdev.Kind kind) {
    final String name = params.string("name");
    params.end();
    final Bdev bdev = Bdevs.find(name);
    if (bdev.kind() != kind) {
      throw Params.invalid("bdev " + name + " was made by " + maker(bdev));
    }
    Bdevs.delete(name);
    return true;
  }

  // --- looking -----------------------------------------------------------------------------------

  private static List<Bdev> asked(final @Nullable String name) {
    return name == null ? Bdevs.all() : List.of(Bdevs.find(name));
  }

  private static Object list(final Params params) throws InterruptedException {
    final String name = params.optionalString("name");
    final long timeoutMillis = params.number("timeout", 0, MAX_WAIT_MILLIS, 0);
    params.end();
    if (name != null) {
      Bdevs.await(name, timeoutMillis);
    }
    final ArrayNode list = Json.MAPPER.createArrayNode();
    asked(name).forEach(bdev -> describe(bdev, list.addObject()));
    return list;
  }

  private static void describe(final Bdev bdev, final ObjectNode into) {
    final boolean open = Bdevs.isOpen(bdev.name());
    into.put("name", bdev.name());
    into.putArray("aliases").add(bdev.uuid().toString());
    into.put(
        "product_name",
        switch (bdev.kind()) {
          case MALLOC -> "Malloc disk";
          case AIO -> "AIO disk";
          case URING -> "URING bdev";
        });
    into.put("block_size", bdev.blockBytes());
    into.put("num_blocks", bdev.blocks());
    into.put("uuid", bdev.uuid().toString());
    into.putObject("assigned_rate_limits")
        .put("rw_ios_per_sec", 0)
        .put("rw_mbytes_per_sec", 0)
        .put("r_mbytes_per_sec", 0)
        .put("w_mbytes_per_sec", 0);
    into.put("claimed", open);
    if (open) {
      into.put("claim_type", "exclusive_write");
    }
    into.put("zoned", false);
    final ObjectNode types = into.putObject("supported_io_types");
    IO_TYPES.forEach(type -> types.put(type, !type.equals("write") || !bdev.isReadOnly()));
    types.put("unmap", bdev.kind() == Bdev.Kind.MALLOC);
    OTHER_IO_TYPES.forEach(type -> types.put(type, false));
    describeFile(bdev, into.putObject("driver_specific"));
  }

  private static void describeFile(final Bdev bdev, final ObjectNode into) {
    final FileOptions options = bdev.fileOptions();
    if (options == null) {
      return;
    }
    final ObjectNode driver = into.putObject(bdev.kind() == Bdev.Kind.AIO ? "aio" : "uring");
    driver.put("filename", options.file());
    if (bdev.kind() == Bdev.Kind.AIO) {
      driver.put("block_size_override", options.blockBytes() != 0);
      driver.put("readonly", options.readOnly());
    }
  }

  /** Those that are named, by newer clients in a list. */
  private static List<Bdev> countedBdevs(final Params params) {
    final String name = params.optionalString("name");
    final List<String> names = params.optionalStrings("names");
    if (name != null && names != null) {
      throw Params.invalid("parameters \"name\" and \"names\" say the same; give one");
    }
    return names == null ? asked(name) : names.stream().map(Bdevs::find).toList();
  }

  private static Object statistics(final Params params) {
    final List<Bdev> bdevs = countedBdevs(params);
    if (params.flag("per_channel")) {
      throw Params.invalid("parameter \"per_channel\": only sums are counted");
    }
    final String reset = params.optionalString("reset_mode");
    if (reset != null && !reset.equals("none")) {
      throw params.mustBe("reset_mode", "\"none\": counters only grow");
    }
    params.end();
    final ObjectNode result = Json.MAPPER.createObjectNode();
    ProcessMethods.putTicks(result);
    final ArrayNode entries = result.putArray("bdevs");
    for (final Bdev bdev : bdevs) {
      final Bdev.Counters counters = Bdevs.counters(bdev);
      entries
          .addObject()
          .put("name", bdev.name())
          .put("bytes_read", counters.bytesRead())
          .put("num_read_ops", counters.reads())
          .put("bytes_written", counters.bytesWritten())
          .put("num_write_ops", counters.writes())
          .put("num_flush_ops", counters.flushes());
    }
    return result;
  }

  // --- configuration -----------------------------------------------------------------------------

  private static String maker(final Bdev bdev) {
    return switch (bdev.kind()) {
      case MALLOC -> "bdev_malloc_create";
      case AIO -> "bdev_aio_create";
      case URING -> "bdev_uring_create";
    };
  }

  /** The calls that make the bdevs that are there now. */
  static ArrayNode save() {
    final ArrayNode calls = Json.MAPPER.createArrayNode();
    for (final Bdev bdev : Bdevs.all()) {
      final ObjectNode call = calls.addObject().put("method", maker(bdev));
      final ObjectNode params = call.putObject("params").put("name", bdev.name());
      if (bdev.kind() == Bdev.Kind.MALLOC) {
        params.put("num_blocks", bdev.blocks());
        params.put("block_size", bdev.blockBytes());
        params.put("uuid", bdev.uuid().toString());
        continue;
      }
      final FileOptions options = Objects.requireNonNull(bdev.fileOptions());
      if (options.blockBytes() != 0) {
        params.put("block_size", options.blockBytes());
      }
      params.put("filename", options.file());
      if (bdev.kind() == Bdev.Kind.AIO) {
        params.put("readonly", options.readOnly());
      }
      if (options.uuid() != null) {
        params.put("uuid", options.uuid().toString());
      }
    }
    calls.addObject().put("method", "bdev_wait_for_examine");
    return calls;
  }
}
