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
import dev.ashlar.internal.metadata.MetadataFolder;
import dev.ashlar.internal.metadata.MetadataOptions;
import dev.ashlar.internal.metadata.MetadataOptions.Mode;
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
    if (options.device().kind() != Device.Kind.FILE) {
      return create(options, false, false);
    }
    final Path file = deviceFile(options);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      if (!options.createIfMissing()) {
        throw new NoSuchDeviceException("there is no device " + file);
      }
      return create(options, true, false);
    }
    final var content = NativeStoreDevice.probe(file.toString());
    return switch (content) {
      case STORE -> openExisting(options);
      case ZEROS -> {
        if (!options.createIfMissing()) {
          throw new WrongFormatException(
              "device " + file + " holds no store; format it, or open it with createIfMissing");
        }
        yield create(options, false, false);
      }
      case FOREIGN_BLOBSTORE, OTHER ->
          throw new WrongFormatException(
              "device " + file + " holds " + describe(content, file) + ", not a store");
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
    if (options.device().kind() != Device.Kind.FILE) {
      throw new BadConfigurationException(
          "device " + options.device() + " cannot be formatted: its content does not last");
    }
    final Path file = deviceFile(options);
    final boolean missing = !Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    if (!missing) {
      final var content = NativeStoreDevice.probe(file.toString()); // refuses one that is in use
      if (!force && content != NativeStoreDevice.Content.ZEROS) {
        throw new StoreExistsException(
            "device " + file + " holds " + describe(content, file) + "; only force destroys it");
      }
    }
    create(options, missing, force).close();
  }

  private static String describe(final NativeStoreDevice.Content content, final Path file) {
    return switch (content) {
      case ZEROS -> "nothing";
      case STORE -> "a store";
      case FOREIGN_BLOBSTORE -> "a blobstore that is no store of this library";
      case OTHER -> KnownContent.describe(file);
    };
  }

  private static Path deviceFile(final ChunkStoreOptions options) {
    final Path file = options.device().path();
    if (file == null) {
      throw new BadConfigurationException("device " + options.device() + " has no path");
    }
    return file;
  }

  // --- new stores --------------------------------------------------------------------------------

  private static ChunkStore create(
      final ChunkStoreOptions options, final boolean newFile, final boolean force) {
    if (newFile && options.sizeBytes() == 0) {
      throw new BadConfigurationException(
          "device " + options.device() + " does not exist: its size must be given");
    }
    final Path folder = MetadataFolder.resolve(options);
    if (folder != null) {
      MetadataFolder.prepare(folder, force);
    }
    final byte[] id = new byte[StoreRecord.ID_BYTES];
    RANDOM.nextBytes(id);
    final MetadataStore metadata = openMetadata(options, folder, Mode.CREATE);
    try {
      final MetadataBatch batch = new MetadataBatch();
      batch.putStore(new StoreRecord(id, 0, options.clusterBytes()));
      metadata.apply(batch, true);
      return start(NativeStoreDevice.open(options, newFile, id), metadata, options, folder);
    } catch (final RuntimeException | Error e) {
      metadata.close();
      if (folder != null) {
        MetadataFolder.discard(folder); // there is no device to it
      }
      throw e;
    }
  }

  private static MetadataStore openMetadata(
      final ChunkStoreOptions options, final @Nullable Path folder, final Mode mode) {
    final long memory = MemoryPlan.of(options.memoryBudgetBytes()).metadataBytes();
    return RocksMetadataStore.open(new MetadataOptions(folder, mode, memory));
  }

  // --- existing stores
  // -----------------------------------------------------------------------------

  private static ChunkStore openExisting(final ChunkStoreOptions options) {
    if (options.errorIfExists()) {
      throw new StoreExistsException("device " + options.device() + " holds a store already");
    }
    final Path folder = MetadataFolder.resolve(options);
    if (folder == null) {
      throw new BadConfigurationException(
          "device " + options.device() + " needs a metadata folder");
    }
    final StoreDevice device = NativeStoreDevice.open(options, false, null);
    MetadataStore metadata = null;
    try {
      MetadataFolder.requireMetadata(folder, options.device());
      metadata = openMetadata(options, folder, options.readOnly() ? Mode.READ_ONLY : Mode.OPEN);
    } catch (final RuntimeException | Error e) {
      device.close(false);
      throw e;
    }
    try {
      return start(device, metadata, options, folder);
    } catch (final RuntimeException | Error e) {
      metadata.close();
      throw e;
    }
  }

  // --- both --------------------------------------------------------------------------------------

  /**
   * Makes a store of an open device and its metadata. The device is closed if that fails, the
   * metadata is not.
   */
  static ChunkStore start(
      final StoreDevice device,
      final MetadataStore metadata,
      final ChunkStoreOptions options,
      final MemoryPlan memory,
      final @Nullable Path folder) {
    try {
      final StoreRecord record = metadata.getStore();
      MetadataFolder.checkIdentity(folder, record, device.id());
      checkGeneration(record.generation(), device.generation(), options);
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
      device.close(false);
      throw e;
    }
  }

  private static ChunkStore start(
      final StoreDevice device,
      final MetadataStore metadata,
      final ChunkStoreOptions options,
      final @Nullable Path folder) {
    return start(device, metadata, options, MemoryPlan.of(options.memoryBudgetBytes()), folder);
  }

  private static void checkGeneration(
      final long ofMetadata, final long ofDevice, final ChunkStoreOptions options) {
    if (ofDevice != ofMetadata && ofDevice != ofMetadata + 1) {
      throw new CorruptMetadataException(
          "device "
              + options.device()
              + " (generation "
              + ofDevice
              + ") and its metadata folder "
              + options.metadata()
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
