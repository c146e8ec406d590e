package dev.ashlar;

import dev.ashlar.internal.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * How to open a {@link BlobFs}.
 *
 * <p>Immutable; may be shared between threads.
 */
public final class BlobFsOptions {

  /** Least memory for appending and reading ahead: 4 MiB. */
  public static final long MIN_BUFFER_BYTES = 4L << 20;

  /** Most memory for appending and reading ahead: 64 GiB. */
  public static final long MAX_BUFFER_BYTES = 64L << 30;

  /** Memory for appending and reading ahead unless told otherwise: 64 MiB. */
  public static final long DEFAULT_BUFFER_BYTES = 64L << 20;

  private final Builder values;
  private final Device device;

  private BlobFsOptions(final Builder values, final Device device) {
    this.values = values;
    this.device = device;
  }

  /**
   * Starts from the defaults.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * What the files lie on.
   *
   * @return the device
   */
  public Device device() {
    return device;
  }

  /**
   * Size of a file that is created.
   *
   * @return bytes; 0: it must exist
   */
  public long sizeBytes() {
    return values.size;
  }

  /**
   * Whether a device that is missing or empty gets a new file system.
   *
   * @return false by default
   */
  public boolean createIfMissing() {
    return values.createIfMissing;
  }

  /**
   * Whether changes are refused.
   *
   * @return false by default
   */
  public boolean readOnly() {
    return values.readOnly;
  }

  /**
   * Whether files may be changed on a device that carries a chunk store.
   *
   * @return false by default
   */
  public boolean writeBesideChunkStore() {
    return values.writeBesideChunkStore;
  }

  /**
   * Whether a flush of a file writes its tail to the device.
   *
   * @return false by default
   */
  public boolean flushWritesTail() {
    return values.flushWritesTail;
  }

  /**
   * Bound of the memory for appending and reading ahead.
   *
   * @return bytes
   */
  public long bufferBytes() {
    return values.bufferBytes;
  }

  /**
   * Unit in which a new file system gives out space.
   *
   * @return bytes
   */
  public int clusterBytes() {
    return values.clusterBytes;
  }

  /**
   * Whether io_uring is used where the kernel allows it.
   *
   * @return true by default
   */
  public boolean useIoUring() {
    return values.useIoUring;
  }

  /**
   * Whether the kernel's page cache is bypassed where that is possible.
   *
   * @return true by default
   */
  public boolean directIo() {
    return values.directIo;
  }

  /**
   * How the reactors run, if this is the first to need them.
   *
   * @return the options
   */
  public RuntimeOptions runtime() {
    return values.runtime;
  }

  @Override
  public String toString() {
    return "BlobFS on " + device;
  }

  /** Collects options. Not safe for use by several threads at once. */
  public static final class Builder {
    private @Nullable Device device;
    private long size;
    private boolean createIfMissing;
    private boolean readOnly;
    private boolean writeBesideChunkStore;
    private boolean flushWritesTail;
    private long bufferBytes = DEFAULT_BUFFER_BYTES;
    private int clusterBytes = ChunkStoreOptions.DEFAULT_CLUSTER_BYTES;
    private boolean useIoUring = true;
    private boolean directIo = true;
    private RuntimeOptions runtime = RuntimeOptions.defaults();

    private Builder() {}

    private Builder(final Builder other) {
      device = other.device;
      size = other.size;
      createIfMissing = other.createIfMissing;
      readOnly = other.readOnly;
      writeBesideChunkStore = other.writeBesideChunkStore;
      flushWritesTail = other.flushWritesTail;
      bufferBytes = other.bufferBytes;
      clusterBytes = other.clusterBytes;
      useIoUring = other.useIoUring;
      directIo = other.directIo;
      runtime = other.runtime;
    }

    /**
     * Names the device; there is no default.
     *
     * @param on what the files lie on
     * @return this
     */
    public Builder device(final Device on) {
      this.device = Arguments.notNull("device", on);
      return this;
    }

    /**
     * Sets the size that a file gets when it is created.
     *
     * @param bytes {@link Device#MIN_BYTES} to {@link Device#MAX_BYTES}, a multiple of {@value
     *     Device#PAGE_BYTES}
     * @return this
     * @throws IllegalArgumentException if it is out of range or no multiple
     */
    public Builder size(final long bytes) {
      this.size = Device.checkSize("size", bytes);
      return this;
    }

    /**
     * Sets whether a device that is missing, or holds nothing but zeros, gets a new file system.
     * Needs {@link #size} for a file that is missing. A memory device always gets one.
     *
     * @param create false by default
     * @return this
     */
    public Builder createIfMissing(final boolean create) {
      this.createIfMissing = create;
      return this;
    }

    /**
     * Sets whether changes are refused; the device is not written then.
     *
     * @param refuse false by default
     * @return this
     */
    public Builder readOnly(final boolean refuse) {
      this.readOnly = refuse;
      return this;
    }

    /**
     * Sets whether files may be changed on a device that carries a chunk store. Otherwise such a
     * device is opened read-only, because only the store knows how much space it counts on.
     *
     * @param allow false by default
     * @return this
     */
    public Builder writeBesideChunkStore(final boolean allow) {
      this.writeBesideChunkStore = allow;
      return this;
    }

    /**
     * Sets whether each flush of a file writes what is buffered to the device. With it an unsynced
     * put of RocksDB survives the death of the process (not a power cut), as it would in the
     * kernel's page cache; without it RocksDB is faster, and only what was synced survives.
     *
     * @param write false by default
     * @return this
     */
    public Builder flushWritesTail(final boolean write) {
      this.flushWritesTail = write;
      return this;
    }

    /**
     * Sets the bound of the memory for appending and reading ahead, over all files.
     *
     * @param bytes {@link #MIN_BUFFER_BYTES} to {@link #MAX_BUFFER_BYTES}
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder bufferBytes(final long bytes) {
      this.bufferBytes =
          Arguments.inRange("bufferBytes", bytes, MIN_BUFFER_BYTES, MAX_BUFFER_BYTES);
      return this;
    }

    /**
     * Sets the unit in which a new file system gives out space; each file takes at least one.
     *
     * @param bytes a power of two, {@link ChunkStoreOptions#MIN_CLUSTER_BYTES} to {@link
     *     ChunkStoreOptions#MAX_CLUSTER_BYTES}
     * @return this
     * @throws IllegalArgumentException if it is out of range or no power of two
     */
    public Builder clusterBytes(final int bytes) {
      this.clusterBytes = ChunkStoreOptions.checkClusterBytes(bytes);
      return this;
    }

    /**
     * Sets whether io_uring is used where the kernel allows it.
     *
     * @param use true by default
     * @return this
     */
    public Builder useIoUring(final boolean use) {
      this.useIoUring = use;
      return this;
    }

    /**
     * Sets whether the kernel's page cache is bypassed where that is possible.
     *
     * @param bypass true by default
     * @return this
     */
    public Builder directIo(final boolean bypass) {
      this.directIo = bypass;
      return this;
    }

    /**
     * Sets how the reactors run; used if nothing else is open in this process.
     *
     * @param options {@link RuntimeOptions#defaults} by default
     * @return this
     */
    public Builder runtime(final RuntimeOptions options) {
      this.runtime = Arguments.notNull("runtime", options);
      return this;
    }

    /**
     * Makes the options.
     *
     * @return the options
     * @throws BadConfigurationException if there is no device, or options contradict each other
     */
    public BlobFsOptions build() {
      final Device on = device;
      if (on == null) {
        throw new BadConfigurationException("no device is given");
      }
      if (on.kind() != Device.Kind.FILE && size != 0) {
        throw contradiction("size " + size, "device " + on + ", which has its own size");
      }
      if (readOnly && createIfMissing) {
        throw contradiction("readOnly", "createIfMissing");
      }
      if (readOnly && on.kind() == Device.Kind.MEMORY) {
        throw contradiction("readOnly", "a memory device, which is empty at open");
      }
      return new BlobFsOptions(new Builder(this), on);
    }

    private static BadConfigurationException contradiction(final String one, final String other) {
      return new BadConfigurationException(one + " contradicts " + other);
    }
  }
}
