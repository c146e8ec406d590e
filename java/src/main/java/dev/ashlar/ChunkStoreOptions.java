package dev.ashlar;

import dev.ashlar.internal.Arguments;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * How a store is opened or formatted. Only the device must be given.
 *
 * <p>Immutable; may be shared between threads and used for several stores.
 */
public final class ChunkStoreOptions {

  /** Smallest memory budget: 64 MiB. */
  public static final long MIN_MEMORY_BUDGET_BYTES = 64L << 20;

  /** Memory budget unless another is given: 256 MiB. */
  public static final long DEFAULT_MEMORY_BUDGET_BYTES = 256L << 20;

  /** Smallest cluster: 64 KiB. */
  public static final int MIN_CLUSTER_BYTES = 64 << 10;

  /** Largest cluster: 1 GiB. */
  public static final int MAX_CLUSTER_BYTES = 1 << 30;

  /** Cluster size unless another is given: 1 MiB. */
  public static final int DEFAULT_CLUSTER_BYTES = 1 << 20;

  private static final long MAX_MEMORY_BUDGET_BYTES = 1L << 40;
  private static final Duration DEFAULT_ORDERED_DELAY = Duration.ofMillis(10);
  private static final Duration MAX_ORDERED_DELAY = Duration.ofMinutes(1);

  private final Builder values;
  private final Device device;

  private ChunkStoreOptions(final Builder values, final Device device) {
    this.values = values;
    this.device = device;
  }

  /**
   * Starts from the defaults, without a device.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts from these options.
   *
   * @return a new builder
   */
  public Builder toBuilder() {
    return new Builder(values);
  }

  /**
   * What the store lies on.
   *
   * @return the device
   */
  public Device device() {
    return device;
  }

  /**
   * Size of a file that is created.
   *
   * @return bytes, a multiple of a page; 0 if it was not given
   */
  public long sizeBytes() {
    return values.size;
  }

  /**
   * Whether a store is created where there is none.
   *
   * @return true if it is
   */
  public boolean createIfMissing() {
    return values.createIfMissing;
  }

  /**
   * Whether it is an error that there is a store already.
   *
   * @return true if it is
   */
  public boolean errorIfExists() {
    return values.errorIfExists;
  }

  /**
   * Whether changes are refused.
   *
   * @return true if they are
   */
  public boolean readOnly() {
    return values.readOnly;
  }

  /**
   * Folder of the store's metadata.
   *
   * @return the folder given; null: none, the metadata is on a device
   */
  public @Nullable Path metadata() {
    return values.metadata;
  }

  /**
   * Device of the store's metadata, if that is not the device of the chunks.
   *
   * @return the device given; null: none
   */
  public @Nullable Device metadataDevice() {
    return values.metadataDevice;
  }

  /**
   * Durability of changes that do not say otherwise.
   *
   * @return the durability
   */
  public Durability durability() {
    return values.durability;
  }

  /**
   * Limit of the native memory and caches of the store.
   *
   * @return bytes
   */
  public long memoryBudgetBytes() {
    return values.memoryBudget;
  }

  /**
   * Cluster size of a store that is created.
   *
   * @return bytes, a power of two; 0 if it was not given
   */
  public int clusterBytes() {
    return values.clusterBytes;
  }

  /**
   * Whether io_uring is used where the kernel permits it.
   *
   * @return true if it is
   */
  public boolean useIoUring() {
    return values.useIoUring;
  }

  /**
   * Whether the kernel's page cache is bypassed where the file system permits it.
   *
   * @return true if it is
   */
  public boolean directIo() {
    return values.directIo;
  }

  /**
   * How long an {@link Durability#ORDERED} change may wait for others to share its commit.
   *
   * @return 0 to 1 minute
   */
  public Duration orderedDelay() {
    return values.orderedDelay;
  }

  /**
   * Where futures of asynchronous operations complete.
   *
   * @return the executor; null: on a thread of the library
   */
  public @Nullable Executor callbackExecutor() {
    return values.callbackExecutor;
  }

  /**
   * How the reactor threads run.
   *
   * @return the options of the process's runtime
   */
  public RuntimeOptions runtime() {
    return values.runtime;
  }

  /** Refuses what no cluster can be. */
  static int checkClusterBytes(final int bytes) {
    Arguments.inRange("clusterBytes", bytes, MIN_CLUSTER_BYTES, MAX_CLUSTER_BYTES);
    if (Integer.bitCount(bytes) != 1) {
      throw new IllegalArgumentException("clusterBytes is " + bytes + ", must be a power of two");
    }
    return bytes;
  }

  @Override
  public String toString() {
    final Object elsewhere = values.metadata == null ? values.metadataDevice : values.metadata;
    return "store on " + device + (elsewhere == null ? "" : ", metadata in " + elsewhere);
  }

  /** Collects options. Not safe for use by several threads at once. */
  public static final class Builder {
    private @Nullable Device device;
    private long size;
    private boolean createIfMissing;
    private boolean errorIfExists;
    private boolean readOnly;
    private @Nullable Path metadata;
    private @Nullable Device metadataDevice;
    private Durability durability = Durability.DURABLE;
    private long memoryBudget = DEFAULT_MEMORY_BUDGET_BYTES;
    private int clusterBytes;
    private boolean useIoUring = true;
    private boolean directIo = true;
    private Duration orderedDelay = DEFAULT_ORDERED_DELAY;
    private @Nullable Executor callbackExecutor;
    private RuntimeOptions runtime = RuntimeOptions.defaults();

    private Builder() {}

    private Builder(final Builder other) {
      device = other.device;
      size = other.size;
      createIfMissing = other.createIfMissing;
      errorIfExists = other.errorIfExists;
      readOnly = other.readOnly;
      metadata = other.metadata;
      metadataDevice = other.metadataDevice;
      durability = other.durability;
      memoryBudget = other.memoryBudget;
      clusterBytes = other.clusterBytes;
      useIoUring = other.useIoUring;
      directIo = other.directIo;
      orderedDelay = other.orderedDelay;
      callbackExecutor = other.callbackExecutor;
      runtime = other.runtime;
    }

    /**
     * Sets what the store lies on.
     *
     * @param on the device
     * @return this
     */
    public Builder device(final Device on) {
      this.device = Arguments.notNull("device", on);
      return this;
    }

    /**
     * Sets the size of a file that does not exist yet; needs {@link #createIfMissing}, unless the
     * options are for {@link ChunkStore#format}. A file or block device that exists keeps its size.
     * The file is sparse: it takes space as it fills.
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
     * Sets whether a store is created where there is none: in a new file, or on a device that holds
     * nothing but zeros. Anything else is never overwritten; see {@link ChunkStore#format}.
     *
     * @param create false by default
     * @return this
     */
    public Builder createIfMissing(final boolean create) {
      this.createIfMissing = create;
      return this;
    }

    /**
     * Sets whether opening fails with {@link StoreExistsException} when there is a store already;
     * needs {@link #createIfMissing}.
     *
     * @param error false by default
     * @return this
     */
    public Builder errorIfExists(final boolean error) {
      this.errorIfExists = error;
      return this;
    }

    /**
     * Sets whether changes are refused with {@link ReadOnlyStoreException}. Nothing is written,
     * neither to the device nor to the metadata; the store may be open once only all the same.
     *
     * @param refuse false by default
     * @return this
     */
    public Builder readOnly(final boolean refuse) {
      this.readOnly = refuse;
      return this;
    }

    /**
     * Keeps the store's metadata in a folder of the host instead of on the device. The folder is
     * created together with the store and belongs to it alone; it must be named at each open. By
     * default the metadata is on the device of the chunks, in files beside them, so that the store
     * is one thing. The metadata of a memory device is in memory.
     *
     * <p>A store that was made when a folder was the default opens without a name as long as the
     * folder is {@code <file>.meta} beside the file.
     *
     * @param folder where the metadata is; takes back a {@link #metadataDevice}
     * @return this
     */
    public Builder metadata(final Path folder) {
      this.metadata = Arguments.notNull("metadata", folder);
      this.metadataDevice = null;
      return this;
    }

    /**
     * Keeps the store's metadata on a device of its own, a quicker one as a rule. It holds nothing
     * else; it is formatted together with the store, and must be named at each open. The file or
     * block device must exist.
     *
     * @param onDevice where the metadata is; takes back a {@link #metadata} folder
     * @return this
     */
    public Builder metadataDevice(final Device onDevice) {
      this.metadataDevice = Arguments.notNull("metadataDevice", onDevice);
      this.metadata = null;
      return this;
    }

    /**
     * Sets the durability of changes that do not say otherwise.
     *
     * @param durability {@link Durability#DURABLE} by default
     * @return this
     */
    public Builder durability(final Durability durability) {
      this.durability = Arguments.notNull("durability", durability);
      return this;
    }

    /**
     * Sets the limit of the native memory and caches of the store: page buffers, the map cache and
     * RocksDB. Buffers from {@link ChunkStore#allocate} and the memory of a memory device come on
     * top.
     *
     * @param bytes {@link #MIN_MEMORY_BUDGET_BYTES} to 1 TiB, {@link #DEFAULT_MEMORY_BUDGET_BYTES}
     *     by default
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder memoryBudget(final long bytes) {
      this.memoryBudget =
          Arguments.inRange(
              "memoryBudget", bytes, MIN_MEMORY_BUDGET_BYTES, MAX_MEMORY_BUDGET_BYTES);
      return this;
    }

    /**
     * Sets the cluster size of a store that is created; one that exists keeps its own. The default
     * is {@link #DEFAULT_CLUSTER_BYTES}, and less on devices below 256 MiB that hold their metadata
     * themselves, since each file of it takes a cluster.
     *
     * @param bytes a power of two from {@link #MIN_CLUSTER_BYTES} to {@link #MAX_CLUSTER_BYTES}
     * @return this
     * @throws IllegalArgumentException if it is out of range or no power of two
     */
    public Builder clusterBytes(final int bytes) {
      this.clusterBytes = checkClusterBytes(bytes);
      return this;
    }

    /**
     * Sets whether io_uring is used. Where the kernel does not permit it, threads with pread and
     * pwrite are used in any case, and a line is logged.
     *
     * @param use true by default
     * @return this
     */
    public Builder useIoUring(final boolean use) {
      this.useIoUring = use;
      return this;
    }

    /**
     * Sets whether the kernel's page cache is bypassed (O_DIRECT). Where the file system does not
     * permit it, the page cache is used in any case, and a line is logged.
     *
     * @param bypass true by default
     * @return this
     */
    public Builder directIo(final boolean bypass) {
      this.directIo = bypass;
      return this;
    }

    /**
     * Sets how long an {@link Durability#ORDERED} change may wait for others to share its commit.
     *
     * @param delay 0 to 1 minute, 10 milliseconds by default
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder orderedDelay(final Duration delay) {
      Arguments.notNull("orderedDelay", delay);
      if (delay.isNegative() || delay.compareTo(MAX_ORDERED_DELAY) > 0) {
        throw new IllegalArgumentException(
            "orderedDelay is " + delay + ", must be from 0 to " + MAX_ORDERED_DELAY);
      }
      this.orderedDelay = delay;
      return this;
    }

    /**
     * Sets where futures of asynchronous operations complete. Without an executor that is a thread
     * of the library, which actions that depend on a future must not block then: other operations
     * wait for it.
     *
     * @param executor null, the default: on a thread of the library
     * @return this
     */
    public Builder callbackExecutor(final @Nullable Executor executor) {
      this.callbackExecutor = executor;
      return this;
    }

    /**
     * Sets how the reactor threads of the process run.
     *
     * @param options the defaults by default
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
    public ChunkStoreOptions build() {
      final Device on = device;
      if (on == null) {
        throw new BadConfigurationException("no device is given");
      }
      if (on.kind() != Device.Kind.FILE && size != 0) {
        throw contradiction("size " + size, "device " + on + ", which has its own size");
      }
      final Object elsewhere = metadata == null ? metadataDevice : metadata;
      if (on.kind() == Device.Kind.MEMORY && elsewhere != null) {
        throw contradiction(
            "metadata in " + elsewhere, "a memory device, whose content does not outlive it");
      }
      if (metadataDevice != null && metadataDevice.kind() == Device.Kind.MEMORY) {
        throw contradiction("metadata in memory", "device " + on + ", which outlives it");
      }
      if (readOnly && createIfMissing) {
        throw contradiction("readOnly", "createIfMissing");
      }
      if (readOnly && on.kind() == Device.Kind.MEMORY) {
        throw contradiction("readOnly", "a memory device, which is empty at open");
      }
      if (errorIfExists && !createIfMissing) {
        throw contradiction("errorIfExists", "createIfMissing being off");
      }
      return new ChunkStoreOptions(new Builder(this), on);
    }

    private static BadConfigurationException contradiction(final String one, final String other) {
      return new BadConfigurationException(one + " contradicts " + other);
    }
  }
}
