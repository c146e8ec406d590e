package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ashlar.Device;
import dev.ashlar.RpcException;
import dev.ashlar.internal.Bdevs;

/**
 * A bdev that a client has named and that exists, ours or SPDK's.
 *
 * @param device with its name, whatever alias the client has used
 * @param readOnly whether it cannot be written
 */
record FoundBdev(Device device, boolean readOnly) {

  /** The one that the parameter "bdev_name" names. */
  static FoundBdev of(final Params params) throws Exception {
    final String name = params.string("bdev_name");
    if (!Bdevs.isOfSpdk(name)) {
      final var bdev = Bdevs.find(name);
      return new FoundBdev(Device.bdev(bdev.name()), bdev.isReadOnly());
    }
    final JsonNode bdev;
    try {
      bdev =
          Json.MAPPER
              .<JsonNode>valueToTree(
                  TargetMethods.INSTANCE.call(
                      "bdev_get_bdevs", Json.MAPPER.createObjectNode().put("name", name)))
              .path(0);
    } catch (final RpcException e) {
      throw new RpcException(e.code(), "bdev " + name + " of SPDK: " + e.getMessage());
    }
    return new FoundBdev(
        Device.bdev(bdev.path("name").asText()),
        !bdev.at("/supported_io_types/write").asBoolean(true));
  }

  String name() {
    return device.label();
  }
}
