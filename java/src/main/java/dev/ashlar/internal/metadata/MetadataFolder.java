package dev.ashlar.internal.metadata;

import dev.ashlar.BadConfigurationException;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.CorruptMetadataException;
import dev.ashlar.Device;
import dev.ashlar.StorageIoException;
import dev.ashlar.StoreExistsException;
import dev.ashlar.internal.rocksdb.RocksLibrary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/**
 * The folder of a store's metadata: what is in it, whether it may be used, whether it belongs to
 * the device.
 *
 * <p>When a store is created the metadata comes first, with the new store's id, and the device is
 * formatted after it: what a crash in between leaves is a folder without chunks, which the next
 * attempt replaces.
 */
public final class MetadataFolder {

  private static final Pattern ROCKS_FILE =
      Pattern.compile(
          "CURRENT|IDENTITY|LOCK|LOG(\\.old\\.\\d+)?|MANIFEST-\\d+|OPTIONS-\\d+(\\.dbtmp)?"
              + "|\\d+\\.(log|sst|dbtmp)");

  private MetadataFolder() {}

  /** What is in a folder. */
  public enum Content {
    /** There is no such folder. */
    MISSING,
    /** It is empty. */
    EMPTY,
    /** What an interrupted creation leaves. */
    UNFINISHED,
    /** Metadata of a store. */
    METADATA,
    /** Something else. */
    FOREIGN
  }

  /**
   * Where the metadata of a store is whose device says that it is elsewhere.
   *
   * @param options of the store
   * @return the folder given, or that beside the file, where it was once by default; null: in
   *     memory
   * @throws BadConfigurationException if the device is not a plain file and no folder was given
   */
  public static @Nullable Path resolve(final ChunkStoreOptions options) {
    final Path device = options.device().path();
    if (options.device().kind() == Device.Kind.FILE
        && device != null
        && options.metadata() == null
        && Files.exists(device)
        && !Files.isRegularFile(device)) {
      throw new BadConfigurationException(
          "device "
              + device
              + " is not a plain file: the folder of its metadata must be given (metadata)");
    }
    if (options.metadata() != null || device == null) {
      return options.metadata();
    }
    return device.resolveSibling(device.getFileName() + ".meta");
  }

  /**
   * Looks into a folder, without changing it.
   *
   * @param folder to look into
   * @return what is there
   * @throws StorageIoException if it cannot be read
   */
  public static Content look(final Path folder) {
    final List<String> names;
    try (Stream<Path> files = Files.list(folder)) {
      names = files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (final NoSuchFileException e) {
      return Content.MISSING;
    } catch (final NotDirectoryException e) {
      return Content.FOREIGN;
    } catch (final IOException e) {
      throw new StorageIoException("reading folder " + folder + " failed: " + e, 0, e);
    }
    if (names.isEmpty()) {
      return Content.EMPTY;
    }
    if (!names.stream().allMatch(name -> ROCKS_FILE.matcher(name).matches())) {
      return Content.FOREIGN;
    }
    if (!names.contains("CURRENT")) {
      return names.stream().noneMatch(name -> name.endsWith(".sst"))
          ? Content.UNFINISHED
          : Content.FOREIGN;
    }
    return contentOfDatabase(folder);
  }

  private static Content contentOfDatabase(final Path folder) {
    final List<String> ours = RocksResources.FAMILIES;
    final List<String> families = families(folder);
    if (families.equals(ours)) {
      return Content.METADATA;
    }
    // Families are created one after the other; a crash in between leaves the first of them.
    return families.size() < ours.size() && ours.subList(0, families.size()).equals(families)
        ? Content.UNFINISHED
        : Content.FOREIGN;
  }

  private static List<String> families(final Path folder) {
    RocksLibrary.load();
    try (Options options = new Options()) {
      return RocksDB.listColumnFamilies(options, folder.toString()).stream()
          .map(name -> new String(name, StandardCharsets.UTF_8))
          .toList();
    } catch (final RocksDBException e) {
      throw RocksErrors.toException("looking at metadata in " + folder, e);
    }
  }

  /**
   * Makes a folder ready for {@link MetadataOptions.Mode#CREATE}: it is there and empty afterwards.
   * Metadata without a single chunk is replaced.
   *
   * @param folder to be made ready; its parent must exist
   * @param force whether metadata of another store may be deleted; other files never are
   * @throws StoreExistsException if something is in the way
   */
  public static void prepare(final Path folder, final boolean force) {
    switch (look(folder)) {
      case MISSING -> create(folder);
      case EMPTY -> {}
      case UNFINISHED -> replace(folder);
      case METADATA -> {
        if (!force && !isPristine(folder)) {
          throw new StoreExistsException(
              "folder " + folder + " holds metadata of a store; name another one (metadata)");
        }
        replace(folder);
      }
      case FOREIGN ->
          throw new StoreExistsException(
              folder + " holds something that is not metadata of a store; name another folder");
      default -> throw new IllegalStateException();
    }
  }

  /**
   * Deletes metadata without a single chunk, and its folder; leaves anything else.
   *
   * @param folder of metadata that is not open
   */
  public static void discard(final Path folder) {
    if (look(folder) == Content.METADATA && isPristine(folder)) {
      destroy(folder);
    }
  }

  /**
   * Checks that there is metadata to be opened.
   *
   * @param folder where it should be
   * @param device whose store it describes, for messages
   * @throws BadConfigurationException if there is none
   */
  public static void requireMetadata(final Path folder, final Device device) {
    final Content content = look(folder);
    if (content == Content.METADATA) {
      return;
    }
    final String what =
        switch (content) {
          case MISSING -> "is missing";
          case EMPTY -> "is empty";
          case UNFINISHED -> "holds no complete metadata";
          default -> "holds something else";
        };
    throw new BadConfigurationException(
        "device "
            + device
            + " has a store, but the folder of its metadata, "
            + folder
            + ", "
            + what
            + "; if it is elsewhere, name it (metadata)");
  }

  /**
   * Checks that metadata belongs to a device.
   *
   * @param place of the metadata, for messages
   * @param store record of the store in the metadata
   * @param device id of the store on the device
   * @throws CorruptMetadataException if there is no record
   * @throws BadConfigurationException if they differ
   */
  public static void checkIdentity(
      final String place, final @Nullable StoreRecord store, final byte[] device) {
    if (store == null) {
      throw new CorruptMetadataException("metadata in " + place + " does not say whose it is");
    }
    if (!Arrays.equals(store.storeId(), device)) {
      throw new BadConfigurationException(
          "metadata in "
              + place
              + " belongs to store "
              + store.storeIdText()
              + ", the device holds store "
              + HexFormat.of().formatHex(device)
              + "; name the right place (metadata)");
    }
  }

  private static boolean isPristine(final Path folder) {
    return RocksMetadataStore.isPristine(new MetadataPlace.Folder(folder));
  }

  private static void create(final Path folder) {
    try {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (final IOException e) {
      throw new StorageIoException("creating folder " + folder + " failed: " + e, 0, e);
    }
  }

  /** RocksDB deletes its own files, and refuses when they are in use. */
  private static void destroy(final Path folder) {
    RocksLibrary.load();
    try (Options options = new Options()) {
      RocksDB.destroyDB(folder.toString(), options);
    } catch (final RocksDBException e) {
      throw RocksErrors.toException("deleting metadata in " + folder, e);
    }
  }

  private static void replace(final Path folder) {
    destroy(folder);
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      create(folder);
    }
  }
}
