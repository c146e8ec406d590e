package dev.ashlar.internal.metadata;

import dev.ashlar.BadConfigurationException;
import dev.ashlar.BlobFsOptions;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import dev.ashlar.StoreExistsException;
import dev.ashlar.internal.NativeBlobFs;
import dev.ashlar.internal.NativeStoreDevice;
import dev.ashlar.internal.NativeStoreDevice.Content;
import java.util.Arrays;

/**
 * A device of its own for the metadata of a store, with nothing else on it.
 *
 * <p>As with a {@link MetadataFolder}, it comes before the device of the chunks when a store is
 * created: what a crash in between leaves is metadata without chunks, which the next attempt
 * replaces.
 */
public final class MetadataDevice {

  /** Share of the device that logs, tables being made and compactions may take. */
  private static final int ROOM_PART = 16;

  private static final long MAX_ROOM_BYTES = 1L << 30;

  private MetadataDevice() {}

  /**
   * Formats the device for a new store.
   *
   * @param options of the store, with a metadata device
   * @param device the metadata device
   * @param bufferBytes of its files
   * @param force whether what is on it may be destroyed
   * @return the place, empty
   * @throws StoreExistsException if something is in the way
   */
  public static MetadataPlace.OnDevice create(
      final ChunkStoreOptions options,
      final Device device,
      final long bufferBytes,
      final boolean force) {
    if (!force && !isFree(options, device, bufferBytes)) {
      throw new StoreExistsException(
          "metadata device " + device + " is not empty; only force destroys what it holds");
    }
    return place(options(options, device, bufferBytes).build(), true);
  }

  /**
   * Opens the device of a store that exists.
   *
   * @param options of the store, with a metadata device
   * @param device the metadata device
   * @param bufferBytes of its files
   * @return the place
   * @throws BadConfigurationException if there is no metadata on it
   */
  public static MetadataPlace.OnDevice open(
      final ChunkStoreOptions options, final Device device, final long bufferBytes) {
    final var place =
        place(options(options, device, bufferBytes).readOnly(options.readOnly()).build(), false);
    if (place.files().exists(MetadataPlace.OnDevice.CURRENT)) {
      return place;
    }
    place.release();
    throw new BadConfigurationException(
        "metadata device " + device + " holds no metadata of a store; name the right one");
  }

  private static BlobFsOptions.Builder options(
      final ChunkStoreOptions options, final Device device, final long bufferBytes) {
    return BlobFsOptions.builder()
        .device(device)
        .clusterBytes(ChunkStoreOptions.MIN_CLUSTER_BYTES)
        .useIoUring(options.useIoUring())
        .directIo(options.directIo())
        .runtime(options.runtime())
        .bufferBytes(bufferBytes);
  }

  private static MetadataPlace.OnDevice place(final BlobFsOptions options, final boolean format) {
    final NativeBlobFs files = NativeBlobFs.open(options, false, format);
    final long room = Math.min(MAX_ROOM_BYTES, files.numbers()[0] / ROOM_PART);
    return new MetadataPlace.OnDevice(files, options.device().toString(), room, true);
  }

  /** Whether nothing is lost if it is formatted. */
  private static boolean isFree(
      final ChunkStoreOptions options, final Device device, final long bufferBytes) {
    if (device.kind() == Device.Kind.CRASH) {
      return true;
    }
    final Content content = NativeStoreDevice.probe(device);
    if (content != Content.FOREIGN_BLOBSTORE) {
      return content == Content.ZEROS;
    }
    final var readOnly = options(options, device, bufferBytes).readOnly(true).build();
    final MetadataPlace.OnDevice place = place(readOnly, false);
    final String folder = MetadataPlace.OnDevice.FOLDER + "/";
    final String[] names = place.files().list("");
    if (Arrays.stream(names).allMatch(name -> name.startsWith(folder))
        && place.files().exists(MetadataPlace.OnDevice.CURRENT)) {
      return RocksMetadataStore.isPristine(place);
    }
    place.release();
    return Arrays.stream(names).allMatch(name -> name.startsWith(folder));
  }
}
