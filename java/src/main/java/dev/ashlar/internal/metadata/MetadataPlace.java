package dev.ashlar.internal.metadata;

import dev.ashlar.internal.NativeBlobFs;
import java.nio.file.Path;

/** Where RocksDB keeps the files of a store's metadata. */
public sealed interface MetadataPlace {

  /**
   * The place in words.
   *
   * @return what can follow "metadata in"
   */
  String describe();

  /**
   * The path of the database.
   *
   * @return a path in the environment of the place
   */
  String databasePath();

  /**
   * What RocksDB can count on for its logs, and for the new tables of a compaction, even when the
   * rest of the device is full.
   *
   * @return bytes
   */
  default long roomBytes() {
    return Long.MAX_VALUE;
  }

  /**
   * Whether the files outlive the process.
   *
   * @return true if they do
   */
  default boolean lasts() {
    return true;
  }

  /** Ends the use of the place; the database is closed. */
  default void release() {}

  /** Memory of this process: gone at close. */
  record Memory() implements MetadataPlace {
    @Override
    public String describe() {
      return "memory";
    }

    @Override
    public String databasePath() {
      return "/ashlar";
    }

    @Override
    public boolean lasts() {
      return false;
    }
  }

  /**
   * A folder of the host.
   *
   * @param path of the folder
   */
  record Folder(Path path) implements MetadataPlace {
    @Override
    public String describe() {
      return path.toString();
    }

    @Override
    public String databasePath() {
      return path.toString();
    }
  }

  /**
   * Files on a device: that of the chunks, or one of their own.
   *
   * @param files of the device, closed with the metadata
   * @param device for messages
   * @param roomBytes see {@link MetadataPlace#roomBytes}
   */
  record OnDevice(NativeBlobFs files, String device, long roomBytes) implements MetadataPlace {

    /** Folder of the database. */
    public static final String FOLDER = "/metadata";

    /** The file that a database has from the end of its creation on. */
    static final String CURRENT = FOLDER + "/CURRENT";

    @Override
    public String describe() {
      return FOLDER + " on device " + device;
    }

    @Override
    public String databasePath() {
      return FOLDER;
    }

    @Override
    public void release() {
      files.close();
    }
  }
}
