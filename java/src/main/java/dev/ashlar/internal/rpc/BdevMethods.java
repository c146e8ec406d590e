package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ashlar.Device;
import dev.ashlar.UnsupportedDeviceException;
import dev.ashlar.internal.Bdev;
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
    params.end();
    return Bdevs.createFile(kind, name, file, blockBytes, readOnly).name();
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

  private static Object list(final Params params) {
    final String name = params.optionalString("name");
    params.optionalNumber("timeout", 0, Long.MAX_VALUE); // nothing is made later than asked for
    params.end();
    final ArrayNode list = Json.MAPPER.createArrayNode();
    asked(name).forEach(bdev -> describe(bdev, list.addObject()));
    return list;
  }

  private static void describe(final Bdev bdev, final ObjectNode into) {
    final boolean open = Bdevs.isOpen(bdev);
    into.put("name", bdev.name());
    into.putArray("aliases");
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
    types.put("unmap", bdev.file() == null);
    OTHER_IO_TYPES.forEach(type -> types.put(type, false));
    describeFile(bdev, into.putObject("driver_specific"));
  }

  private static void describeFile(final Bdev bdev, final ObjectNode into) {
    if (bdev.file() == null) {
      return;
    }
    final ObjectNode driver = into.putObject(bdev.kind() == Bdev.Kind.AIO ? "aio" : "uring");
    driver.put("filename", bdev.file());
    if (bdev.kind() == Bdev.Kind.AIO) {
      driver.put("block_size_override", bdev.isBlockSizeGiven());
      driver.put("readonly", bdev.isReadOnly());
    }
  }

  private static Object statistics(final Params params) {
    final String name = params.optionalString("name");
    if (params.flag("per_channel")) {
      throw Params.invalid("parameter \"per_channel\": only sums are counted");
    }
    params.end();
    final ObjectNode result = Json.MAPPER.createObjectNode();
    ProcessMethods.putTicks(result);
    final ArrayNode bdevs = result.putArray("bdevs");
    for (final Bdev bdev : asked(name)) {
      final Bdev.Counters counters = Bdevs.counters(bdev);
      bdevs
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
      if (bdev.isBlockSizeGiven()) {
        params.put("block_size", bdev.blockBytes());
      }
      params.put("filename", Objects.requireNonNull(bdev.file()));
      if (bdev.kind() == Bdev.Kind.AIO) {
        params.put("readonly", bdev.isReadOnly());
      }
    }
    calls.addObject().put("method", "bdev_wait_for_examine");
    return calls;
  }

  /** Names a device for those who open it. */
  static Device device(final Params params) {
    return Device.bdev(Bdevs.find(params.string("bdev_name")).name());
  }
}
