package dev.ashlar.internal.rocksdb;

import dev.ashlar.BadConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.RocksDB;

/**
 * Loads RocksDB's native library from its jar through a fresh folder that only this user can enter,
 * and deletes it at once. Left to itself RocksDB puts it under a common temporary folder and
 * deletes it when the JVM exits in peace, so that killed processes fill the disk.
 */
public final class RocksLibrary {
  private static final String FOLDER_PROPERTY = "dev.ashlar.tmpdir";
  private static final String KEEP_PROPERTY = "dev.ashlar.library.keep";

  private static boolean loaded;

  private RocksLibrary() {}

  /** Loads the library unless it is loaded. */
  public static synchronized void load() {
    if (loaded) {
      return;
    }
    try {
      extractAndLoad();
      RocksDB.loadLibrary(); // finds it loaded
    } catch (final IOException | UnsatisfiedLinkError | RuntimeException e) {
      throw new BadConfigurationException(
          "cannot load RocksDB's native library: "
              + e.getMessage()
              + "; if the temporary folder is full or mounted without execute permission, name"
              + " another with the property "
              + FOLDER_PROPERTY,
          e);
    }
    loaded = true;
  }

  private static void extractAndLoad() throws IOException {
    final var onlyOwner =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    final String parent = System.getProperty(FOLDER_PROPERTY);
    final Path folder =
        parent == null
            ? Files.createTempDirectory("ashlar-rocksdb-", onlyOwner)
            : Files.createTempDirectory(Path.of(parent), "ashlar-rocksdb-", onlyOwner);
    try {
      NativeLibraryLoader.getInstance().loadLibrary(folder.toString());
    } finally {
      if (!Boolean.getBoolean(KEEP_PROPERTY)) {
        delete(folder);
      }
    }
  }

  private static void delete(final Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (final Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
