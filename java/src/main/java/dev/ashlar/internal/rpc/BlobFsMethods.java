package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ashlar.BlobFs;
import dev.ashlar.BlobFsOptions;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import dev.ashlar.StoreExistsException;
import dev.ashlar.WrongFormatException;
import dev.ashlar.internal.BdevMounts;
import dev.ashlar.internal.Bdevs;
import dev.ashlar.internal.FolderMount;
import dev.ashlar.internal.NativeBlobFs;
import dev.ashlar.internal.NativeStoreDevice;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Methods about BlobFS: SPDK's, and a list of files. */
final class BlobFsMethods {
  private static final Pattern CAPACITY = Pattern.compile("(\\d{1,12})([kmg]?)i?b?");
  private static final int MAX_LISTED = 10_000;

  private final Holdings holdings;

  private BlobFsMethods(final Holdings holdings) {
    this.holdings = holdings;
  }

  static Methods addTo(final Methods methods, final Holdings holdings) {
    final BlobFsMethods own = new BlobFsMethods(holdings);
    return methods
        .add("blobfs_detect", own::detect)
        .add("blobfs_create", own::create)
        .add("blobfs_mount", own::mount)
        .add("blobfs_set_cache_size", own::setCacheSize)
        .add("ashlar_fs_list", own::list);
  }

  private BlobFsOptions.Builder options(final Device device) {
    return BlobFsOptions.builder()
        .device(device)
        .bufferBytes(holdings.bufferBytes())
        .runtime(holdings.runtime());
  }

  private Object detect(final Params params) throws Exception {
    final Device device = FoundBdev.of(params).device();
    params.end();
    if (Bdevs.openFiles(device.label()) != null) {
      return true;
    }
    try {
      BlobFs.open(options(device).readOnly(true).build()).close();
      return true;
    } catch (final WrongFormatException e) {
      return false;
    }
  }

  private Object create(final Params params) throws Exception {
    final Device device = FoundBdev.of(params).device();
    final BlobFsOptions.Builder options = options(device);
    final JsonNode clusterSize = params.find("cluster_sz");
    if (clusterSize != null) {
      options.clusterBytes(capacity(params, clusterSize));
    }
    final boolean force = params.flag("force");
    params.end();
    if (!force && NativeStoreDevice.probe(device) != NativeStoreDevice.Content.ZEROS) {
      throw new StoreExistsException(
          "bdev " + device + " is not empty; only \"force\": true destroys what it holds");
    }
    BlobFs.format(options.build()).close();
    return true;
  }

  /** As SPDK writes sizes: a number, or a string with K, M or G. */
  private static int capacity(final Params params, final JsonNode size) {
    final Matcher matcher = CAPACITY.matcher(size.asText().toLowerCase(Locale.ROOT));
    if (matcher.matches()) {
      final int shift = matcher.group(2).isEmpty() ? 0 : 10 * (1 + "kmg".indexOf(matcher.group(2)));
      final long number = Long.parseLong(matcher.group(1));
      if (number <= ChunkStoreOptions.MAX_CLUSTER_BYTES >> shift) {
        return (int) (number << shift);
      }
    }
    throw params.mustBe("cluster_sz", "a size such as \"1M\", at most 1G");
  }

  private Object mount(final Params params) throws Exception {
    final FoundBdev bdev = FoundBdev.of(params);
    final Path folder = Path.of(params.string("mountpoint"));
    params.end();
    if (!folder.isAbsolute()) {
      throw params.mustBe("mountpoint", "an absolute path");
    }
    final FolderMount mount;
    try {
      mount =
          Bdevs.isOpen(bdev.name())
              ? BdevMounts.ofOpen(bdev.name(), folder)
              : BdevMounts.open(options(bdev.device()).readOnly(bdev.readOnly()).build(), folder);
    } catch (final WrongFormatException e) {
      throw Params.invalid("No blobfs detected on given bdev: " + e.getMessage());
    }
    holdings.hold(mount);
    return true;
  }

  private Object setCacheSize(final Params params) {
    final long megabytes =
        params.number(
            "size_in_mb",
            BlobFsOptions.MIN_BUFFER_BYTES >> 20,
            BlobFsOptions.MAX_BUFFER_BYTES >> 20);
    params.end();
    holdings.setBufferBytes(megabytes << 20);
    return true;
  }

  private Object list(final Params params) throws Exception {
    final Device device = FoundBdev.of(params).device();
    final String given = params.optionalString("prefix");
    final String prefix = given == null ? "" : given;
    params.end();
    final ArrayNode files = Json.MAPPER.createArrayNode();
    final NativeBlobFs open = Bdevs.openFiles(device.label());
    if (open != null) {
      limited(Arrays.asList(open.list(prefix)))
          .forEach(name -> put(files.addObject(), name, open.stat(name)[0], open.stat(name)[1]));
      return files;
    }
    try (BlobFs fs = BlobFs.open(options(device).readOnly(true).build())) {
      limited(fs.list(prefix))
          .forEach(
              name ->
                  put(
                      files.addObject(),
                      name,
                      fs.stat(name).sizeBytes(),
                      fs.stat(name).allocatedBytes()));
    }
    return files;
  }

  private static List<String> limited(final List<String> names) {
    if (names.size() > MAX_LISTED) {
      throw Params.invalid(names.size() + " files are too many for an answer; give a prefix");
    }
    return names;
  }

  private static void put(
      final ObjectNode into, final String name, final long sizeBytes, final long allocatedBytes) {
    into.put("name", name).put("size_bytes", sizeBytes).put("allocated_bytes", allocatedBytes);
  }
}
