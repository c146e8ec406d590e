package dev.ashlar.internal.engine;

import dev.ashlar.BadConfigurationException;
import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.CorruptMetadataException;
import dev.ashlar.Device;
import dev.ashlar.NoSuchDeviceException;
import dev.ashlar.ReadOnlyStoreException;
import dev.ashlar.StoreExistsException;
import dev.ashlar.WrongFormatException;
import dev.ashlar.internal.Arguments;
import dev.ashlar.internal.AshlarThread;
import dev.ashlar.internal.NativeStoreDevice;
import dev.ashlar.internal.StoreDevice;
import dev.ashlar.internal.metadata.MetadataBatch;
import dev.ashlar.internal.metadata.MetadataDevice;
import dev.ashlar.internal.metadata.MetadataFolder;
import dev.ashlar.internal.metadata.MetadataOptions;
import dev.ashlar.internal.metadata.MetadataOptions.Mode;
import dev.ashlar.internal.metadata.MetadataPlace;
import dev.ashlar.internal.metadata.MetadataStore;
import dev.ashlar.internal.metadata.RocksMetadataStore;
import dev.ashlar.internal.metadata.StoreRecord;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens and formats stores. */
public final class StoreOpener {
  private static final Logger LOG = LoggerFactory.getLogger(StoreOpener.class);
  private static final SecureRandom RANDOM = new SecureRandom();

  /** Of the memory for metadata on a device, so much is for buffers of its files. */
  private static final int FILE_BUFFER_PART = 4;

  private StoreOpener() {}

  // --- what there is -----------------------------------------------------------------------------

  /**
   * Opens a store; see {@link ChunkStore#open}.
   *
   * @param options of the store
   * @return the open store
   */
  public static ChunkStore open(final ChunkStoreOptions options) {
    Arguments.notNull("options", options);
    AshlarThread.refuseBlocking("open");
    final Device device = options.device();
    if (!keepsContent(device)) {
      return create(options, false, false);
    }
    if (isMissing(device)) {
      if (!options.createIfMissing()) {
        throw new NoSuchDeviceException("there is no device " + device);
      }
      return create(options, true, false);
    }
    final var content = NativeStoreDevice.probe(device);
    return switch (content) {
      case STORE -> openExisting(options);
      case ZEROS, UNFINISHED -> {
        if (!options.createIfMissing()) {
          throw new WrongFormatException(
              "device "
                  + device
                  + " holds "
                  + describe(content, device)
                  + "; format it, or open it with createIfMissing");
        }
        yield create(options, false, false);
      }
      case FOREIGN_BLOBSTORE, OTHER ->
          throw new WrongFormatException(
              "device " + device + " holds " + describe(content, device) + ", not a store");
    };
  }

  /**
   * Makes a new store; see {@link ChunkStore#format}.
   *
   * @param options of the store
   * @param force whether what is there may be destroyed
   */
  public static void format(final ChunkStoreOptions options, final boolean force) {
    Arguments.notNull("options", options);
    AshlarThread.refuseBlocking("format");
    final Device device = options.device();
    if (!keepsContent(device)) {
      throw new BadConfigurationException(
          "device " + device + " cannot be formatted: its content does not last");
    }
    final boolean missing = isMissing(device);
    if (!missing) {
      final var content = NativeStoreDevice.probe(device); // refuses one that is in use
      if (!force
          && content != NativeStoreDevice.Content.ZEROS
          && content != NativeStoreDevice.Content.UNFINISHED) {
        throw new StoreExistsException(
            "device "
                + device
                + " holds "
                + describe(content, device)
                + "; only force destroys it");
      }
    }
    create(options, missing, force).close();
  }

  private static String describe(final NativeStoreDevice.Content content, final Device device) {
    return switch (content) {
      case ZEROS -> "no store";
      case UNFINISHED -> "a store whose making was interrupted";
      case STORE -> "a store";
      case FOREIGN_BLOBSTORE -> "a blobstore that is no store of this library";
      case OTHER -> KnownContent.describe(device);
    };
  }

  private static boolean keepsContent(final Device device) {
    return device.kind() == Device.Kind.FILE || device.kind() == Device.Kind.BDEV;
  }

  /** Whether it is a file that does not exist yet. */
  private static boolean isMissing(final Device device) {
    final Path file = device.path();
    return file != null && !Files.exists(file, LinkOption.NOFOLLOW_LINKS);
  }

  // --- new stores --------------------------------------------------------------------------------

  /**
   * Makes a store on a device that may be overwritten, and opens it.
   *
   * @param newFile whether the file of the device is created
   * @param force whether metadata of another store, in the place given, may be destroyed
   */
  static ChunkStore create(
      final ChunkStoreOptions options, final boolean newFile, final boolean force) {
    if (newFile && options.sizeBytes() == 0) {
      throw new BadConfigurationException(
          "device " + options.device() + " does not exist: its size must be given");
    }
    final byte[] id = new byte[StoreRecord.ID_BYTES];
    RANDOM.nextBytes(id);
    final boolean elsewhere =
        options.metadata() != null
            || options.metadataDevice() != null
            || options.device().kind() == Device.Kind.MEMORY;
    return elsewhere
        ? createWithMetadataElsewhere(options, newFile, force, id)
        : createOnOneDevice(options, newFile, id);
  }

  /**
   * The device says that it is unfinished until its metadata is complete. A crash in between leaves
   * a device that is made anew, since nobody has used it.
   */
  private static ChunkStore createOnOneDevice(
      final ChunkStoreOptions options, final boolean newFile, final byte[] id) {
    final NativeStoreDevice device =
        NativeStoreDevice.open(options, newFile, id, NativeStoreDevice.Metadata.UNFINISHED);
    MetadataStore metadata = null;
    try {
      metadata = openMetadata(options, onDeviceOf(device, options), Mode.CREATE);
      putRecord(metadata, id, device.clusterBytes());
      device.finishFormat();
    } catch (final RuntimeException | Error e) {
      close(metadata, device, e);
      throw e;
    }
    return start(device, metadata, options);
  }

  /** The metadata comes first: without a device it is no store, and can be made anew. */
  private static ChunkStore createWithMetadataElsewhere(
      final ChunkStoreOptions options,
      final boolean newFile,
      final boolean force,
      final byte[] id) {
    final Path folder = options.metadata();
    final Device metadataDevice = options.metadataDevice();
    MetadataPlace place = new MetadataPlace.Memory();
    if (folder != null) {
      MetadataFolder.prepare(folder, force);
      place = new MetadataPlace.Folder(folder);
    } else if (metadataDevice != null) {
      place = MetadataDevice.create(options, metadataDevice, fileBufferBytes(options), force);
    }
    final MetadataStore metadata = openMetadata(options, place, Mode.CREATE);
    try {
      final int clusterBytes =
          options.clusterBytes() == 0
              ? ChunkStoreOptions.DEFAULT_CLUSTER_BYTES
              : options.clusterBytes();
      putRecord(metadata, id, clusterBytes);
      return start(NativeStoreDevice.open(options, newFile, id), metadata, options);
    } catch (final RuntimeException | Error e) {
      close(metadata, null, e);
      if (folder != null) {
        MetadataFolder.discard(folder); // there is no device to it
      }
      throw e;
    }
  }

  private static void putRecord(
      final MetadataStore metadata, final byte[] id, final int clusterBytes) {
    final MetadataBatch batch = new MetadataBatch();
    batch.putStore(new StoreRecord(id, 0, clusterBytes));
    metadata.apply(batch, true);
  }

  // --- metadata ----------------------------------------------------------------------------------

  private static MetadataStore openMetadata(
      final ChunkStoreOptions options, final MetadataPlace place, final Mode mode) {
    final long memory = MemoryPlan.of(options.memoryBudgetBytes()).metadataBytes();
    final long buffers = place instanceof MetadataPlace.OnDevice ? fileBufferBytes(options) : 0;
    try {
      return RocksMetadataStore.open(new MetadataOptions(place, mode, memory - buffers));
    } catch (final RuntimeException | Error e) {
      try {
        place.release();
      } catch (final RuntimeException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  private static long fileBufferBytes(final ChunkStoreOptions options) {
    return MemoryPlan.of(options.memoryBudgetBytes()).metadataBytes() / FILE_BUFFER_PART;
  }

  private static MetadataPlace onDeviceOf(
      final NativeStoreDevice device, final ChunkStoreOptions options) {
    return new MetadataPlace.OnDevice(
        device.mountFiles(fileBufferBytes(options)),
        options.device().toString(),
        device.reserveBytes(),
        false);
  }

  /** Where the metadata of an existing store is: the device knows. */
  private static MetadataPlace findMetadata(
      final NativeStoreDevice device, final ChunkStoreOptions options) {
    final Path given = options.metadata();
    final Device metadataDevice = options.metadataDevice();
    return switch (device.metadata()) {
      case ON_DEVICE -> {
        if (given != null || metadataDevice != null) {
          throw new BadConfigurationException(
              "device "
                  + options.device()
                  + " holds the metadata of its store itself; it is not in "
                  + (given != null ? given : metadataDevice)
                  + ": leave the metadata out of the options");
        }
        yield onDeviceOf(device, options);
      }
      case UNFINISHED ->
          throw new WrongFormatException(
              "device " + options.device() + " holds a store whose making was interrupted");
      case ELSEWHERE -> {
        if (metadataDevice != null) {
          yield MetadataDevice.open(options, metadataDevice, fileBufferBytes(options));
        }
        final Path folder = MetadataFolder.resolve(options);
        if (folder == null) {
          throw new BadConfigurationException(
              "device " + options.device() + " needs the folder or device of its metadata");
        }
        MetadataFolder.requireMetadata(folder, options.device());
        yield new MetadataPlace.Folder(folder);
      }
    };
  }

  // --- existing stores ---------------------------------------------------------------------------

  /** Opens a device that holds a store. */
  static ChunkStore openExisting(final ChunkStoreOptions options) {
    if (options.errorIfExists()) {
      throw new StoreExistsException("device " + options.device() + " holds a store already");
    }
    final NativeStoreDevice device = NativeStoreDevice.open(options, false, null);
    final MetadataStore metadata;
    try {
      metadata =
          openMetadata(
              options,
              findMetadata(device, options),
              options.readOnly() ? Mode.READ_ONLY : Mode.OPEN);
    } catch (final RuntimeException | Error e) {
      close(null, device, e);
      throw e;
    }
    return start(device, metadata, options);
  }

  // --- both --------------------------------------------------------------------------------------

  /** Makes a store of an open device and its metadata. Both are closed if that fails. */
  static ChunkStore start(
      final StoreDevice device,
      final MetadataStore metadata,
      final ChunkStoreOptions options,
      final MemoryPlan memory) {
    try {
      final StoreRecord record = metadata.getStore();
      final String place = metadata.stats().place();
      MetadataFolder.checkIdentity(place, record, device.id());
      checkGeneration(record.generation(), device.generation(), options, place);
      final Engine engine = new Engine(device, metadata, options, memory);
      final Space space = new Space(device, metadata);
      if (options.readOnly()) {
        findSpace(engine, space, record);
        engine
            .failure()
            .set(new ReadOnlyStoreException("device " + options.device() + " is open read-only"));
      } else {
        recover(engine, space, record);
      }
      return new StoreImpl(engine, space, options);
    } catch (final RuntimeException | Error e) {
      close(metadata, device, e);
      throw e;
    }
  }

  private static ChunkStore start(
      final StoreDevice device, final MetadataStore metadata, final ChunkStoreOptions options) {
    return start(device, metadata, options, MemoryPlan.of(options.memoryBudgetBytes()));
  }

  /** Closes both after a failure, the metadata first: its files may be on the device. */
  private static void close(
      final @Nullable MetadataStore metadata,
      final @Nullable StoreDevice device,
      final Throwable failure) {
    try {
      if (metadata != null) {
        metadata.close();
      }
    } catch (final RuntimeException e) {
      failure.addSuppressed(e);
    } finally {
      if (device != null) {
        device.close(false);
      }
    }
  }

  private static void checkGeneration(
      final long ofMetadata,
      final long ofDevice,
      final ChunkStoreOptions options,
      final String place) {
    if (ofDevice != ofMetadata && ofDevice != ofMetadata + 1) {
      throw new CorruptMetadataException(
          "device "
              + options.device()
              + " (generation "
              + ofDevice
              + ") and its metadata in "
              + place
              + " (generation "
              + ofMetadata
              + ") are of different times: one of them is an old copy");
    }
  }

  /**
   * Finds out which pages are in use, then makes the store writable. The device gets the new
   * generation first: if the metadata does not follow, the next open still accepts both.
   */
  private static void recover(final Engine engine, final Space space, final StoreRecord record) {
    if (!findSpace(engine, space, record)) {
      return;
    }
    final StoreDevice device = engine.device();
    final long generation = device.generation() + 1;
    device.setGeneration(generation);
    final MetadataBatch batch = new MetadataBatch();
    batch.putStore(new StoreRecord(record.storeId(), generation, record.clusterBytes()));
    batch.deleteClean();
    engine.metadata().apply(batch, true);
    space.setGeneration(generation);
    device.start();
  }

  /** Finds out which pages are in use; false if the maps are wrong, and changes are refused. */
  private static boolean findSpace(
      final Engine engine, final Space space, final StoreRecord record) {
    final StoreDevice device = engine.device();
    final OptionalLong clean = engine.metadata().getClean();
    final boolean trusted =
        clean.isPresent()
            && clean.getAsLong() == record.generation()
            && device.generation() == record.generation();
    if (!trusted || !space.load(record.generation())) {
      final long start = System.nanoTime();
      final CorruptMetadataException problem = space.rebuild();
      if (problem != null) {
        LOG.error("changes are refused: {}", problem.getMessage());
        engine.failure().set(problem);
        return false;
      }
      LOG.info("maps of free pages rebuilt in {} ms", (System.nanoTime() - start) / 1_000_000);
    }
    return true;
  }
}
