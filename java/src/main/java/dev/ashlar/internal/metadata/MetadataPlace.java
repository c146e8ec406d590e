package dev.ashlar.internal.metadata;

import dev.ashlar.internal.NativeBlobFs;
import java.io.IOException;
import java.nio.file.Files;
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
   * How much more its files may take.
   *
   * @return bytes that are free now; an estimate, which others may use up at any time
   */
  default long freeBytes() {
    return Long.MAX_VALUE;
  }

  /**
   * How much a file takes, however short it is.
   *
   * @return bytes
   */
  default long fileBytes() {
    return 64 << 10;
  }

  /**
   * Whether only such changes should be made as make the metadata smaller, since little is left.
   *
   * @return true if so; never where the device of the chunks knows better, or others share the
   *     space
   */
  default boolean isSpaceLow() {
    return false;
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

    @Override
    public long freeBytes() {
      try {
        return Files.getFileStore(path).getUsableSpace();
      } catch (final IOException e) {
        return Long.MAX_VALUE; // who needs the space finds out whether it is there
      }
    }
  }

  /**
   * Files on a device: that of the chunks, or one of their own.
   *
   * @param files of the device, closed with the metadata
   * @param device for messages
   * @param roomBytes see {@link MetadataPlace#roomBytes}
   * @param isOwn whether there is nothing on the device but the metadata
   */
  record OnDevice(NativeBlobFs files, String device, long roomBytes, boolean isOwn)
      implements MetadataPlace {

    /** Folder of the database. */
    public static final String FOLDER = "/metadata";

    /** Space is low on a device of its own with fewer free pages of the blobstore's metadata. */
    private static final int METADATA_PAGES_LEFT = 96;

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
    public long freeBytes() {
      return files.numbers()[1];
    }

    @Override
    public long fileBytes() {
      return files.numbers()[2];
    }

    @Override
    public boolean isSpaceLow() {
      if (!isOwn) {
        return false;
      }
      final long[] numbers = files.numbers();
      return numbers[1] < roomBytes / 2 || numbers[12] < METADATA_PAGES_LEFT;
    }

    @Override
    public void release() {
      files.close();
    }
  }
}
