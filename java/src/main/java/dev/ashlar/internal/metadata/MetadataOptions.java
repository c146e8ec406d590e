package dev.ashlar.internal.metadata;

import dev.ashlar.internal.Arguments;
import java.nio.file.Path;

/**
 * How metadata is opened.
 *
 * @param place where its files are
 * @param mode what may happen
 * @param memoryBytes limit of block cache and write buffers together, at least {@value
 *     #MIN_MEMORY_BYTES}
 */
public record MetadataOptions(MetadataPlace place, Mode mode, long memoryBytes) {

  /** Smallest limit: 8 MiB. */
  public static final long MIN_MEMORY_BYTES = 8 << 20;

  /** What may happen at open. */
  public enum Mode {
    /** Creates the files. */
    CREATE,
    /** Opens what is there. */
    OPEN,
    /** Opens what is there; changes are refused. */
    READ_ONLY
  }

  /**
   * Checks the limit.
   *
   * @param place see above
   * @param mode see above
   * @param memoryBytes see above
   */
  public MetadataOptions {
    Arguments.inRange("memoryBytes", memoryBytes, MIN_MEMORY_BYTES, 1L << 40);
    if (!place.lasts() && mode != Mode.CREATE) {
      throw new IllegalArgumentException("mode is " + mode + ", must be CREATE in memory");
    }
  }

  /**
   * Metadata in a folder of the host.
   *
   * @param folder where its files are
   * @param mode see above
   * @param memoryBytes see above
   */
  public MetadataOptions(final Path folder, final Mode mode, final long memoryBytes) {
    this(new MetadataPlace.Folder(folder), mode, memoryBytes);
  }
}
