package dev.ashlar;

import dev.ashlar.internal.Arguments;
import dev.ashlar.internal.rpc.Configuration;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How SPDK runs in this process, for builds of Ashlar that have it and machines where it is
 * installed. Whatever is opened with {@link RuntimeOptions.Builder#spdk} starts SPDK or joins it;
 * its bdevs are then opened by {@link Device#bdev}, and {@link ChunkStore#allocate} gives DMA
 * memory.
 *
 * <p>When the last user has closed what it opened, the bdevs go. DPDK's part, which is everything
 * here but the configuration, stays as it is until the process ends: it cannot be initialised
 * twice.
 *
 * <p>Immutable; may be shared between threads.
 */
public final class SpdkOptions {

  /** Least memory that can be asked for, in MiB. */
  public static final int MIN_MEMORY_MIB = 64;

  /** Most memory that can be asked for, in MiB: 1 TiB. */
  public static final int MAX_MEMORY_MIB = 1 << 20;

  private final String configuration;
  private final String coreMask;
  private final int memoryMib;
  private final boolean hugePages;
  private final @Nullable Path hugeDir;
  private final @Nullable Boolean interrupts;

  private SpdkOptions(final Builder builder) {
    this.configuration = builder.configuration;
    this.coreMask = builder.coreMask;
    this.memoryMib = builder.memoryMib;
    this.hugePages = builder.hugePages;
    this.hugeDir = builder.hugeDir;
    this.interrupts = builder.interrupts;
  }

  /**
   * Starts from the defaults: no configuration, any cores, huge pages as they are needed.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * SPDK's JSON configuration.
   *
   * @return the text; empty: there is none
   */
  public String configuration() {
    return configuration;
  }

  /**
   * Cores that the reactors run on.
   *
   * @return a mask or list; empty: any
   */
  public String coreMask() {
    return coreMask;
  }

  /**
   * DMA memory taken at once.
   *
   * @return in MiB; 0: as it is needed, or 512 without huge pages
   */
  public int memoryMib() {
    return memoryMib;
  }

  /**
   * Whether the memory is huge pages.
   *
   * @return false: without DMA, so no NVMe drive of this machine can be used
   */
  public boolean hugePages() {
    return hugePages;
  }

  /**
   * Where huge pages are taken from.
   *
   * @return a hugetlbfs; null: SPDK finds them
   */
  public @Nullable Path hugeDir() {
    return hugeDir;
  }

  /**
   * Whether bdevs that can may wake a reactor that sleeps.
   *
   * @return null: if this version of SPDK drives NVMe no otherwise for it
   */
  public @Nullable Boolean interrupts() {
    return interrupts;
  }

  @Override
  public boolean equals(final @Nullable Object other) {
    return other instanceof SpdkOptions options
        && configuration.equals(options.configuration)
        && coreMask.equals(options.coreMask)
        && memoryMib == options.memoryMib
        && hugePages == options.hugePages
        && Objects.equals(hugeDir, options.hugeDir)
        && Objects.equals(interrupts, options.interrupts);
  }

  @Override
  public int hashCode() {
    return Objects.hash(configuration, coreMask, memoryMib, hugePages, hugeDir, interrupts);
  }

  @Override
  public String toString() {
    return "core mask \""
        + coreMask
        + "\", memory "
        + memoryMib
        + " MiB, "
        + (hugePages ? "huge pages " + (hugeDir == null ? "" : hugeDir) : "no huge pages")
        + (interrupts == null ? "" : interrupts ? ", interrupts" : ", no interrupts")
        + (configuration.isEmpty() ? "" : ", a configuration");
  }

  /** Collects options. Not safe for use by several threads at once. */
  public static final class Builder {
    private String configuration = "";
    private String coreMask = "";
    private int memoryMib;
    private boolean hugePages = true;
    private @Nullable Path hugeDir;
    private @Nullable Boolean interrupts;

    private Builder() {}

    /**
     * Sets the configuration, as SPDK's {@code save_config} writes it.
     *
     * @param json the text, not a path; every method that this SPDK has may stand in it. Empty, the
     *     default: bdevs are made by rpc
     * @return this
     */
    public Builder configuration(final String json) {
      this.configuration = Arguments.notNull("configuration", json);
      return this;
    }

    /**
     * Sets the configuration, from a file. Comments are allowed; settings of SPDK's targets
     * (scheduler, iSCSI, NVMe-oF, vhost), which are not here, have no effect.
     *
     * @param file with it
     * @return this
     * @throws NoSuchDeviceException if there is no such file
     * @throws BadConfigurationException if it is not of the right shape; the message says where
     */
    public Builder configurationFile(final Path file) {
      return configuration(Configuration.forSpdk(Arguments.notNull("file", file)));
    }

    /**
     * Sets the cores that the reactors run on, one each and in turn; without a number of reactors
     * there is one for each.
     *
     * @param cores a mask such as {@code 0x3}, or a list such as {@code [0,2-3]}. Empty, the
     *     default: the kernel decides
     * @return this
     */
    public Builder coreMask(final String cores) {
      this.coreMask = Arguments.notNull("coreMask", cores);
      return this;
    }

    /**
     * Sets how much DMA memory is taken at once. SPDK itself needs about 200 MiB, a malloc bdev its
     * size.
     *
     * @param mebibytes {@value SpdkOptions#MIN_MEMORY_MIB} to {@value SpdkOptions#MAX_MEMORY_MIB};
     *     0, the default: with huge pages it grows as needed, without them it is 512
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder memoryMib(final int mebibytes) {
      this.memoryMib =
          mebibytes == 0
              ? 0
              : Arguments.inRange("memoryMib", mebibytes, MIN_MEMORY_MIB, MAX_MEMORY_MIB);
      return this;
    }

    /**
     * Sets whether the memory is huge pages, which NVMe drives of this machine need. Without them
     * malloc, aio and uring bdevs work, for any user.
     *
     * @param use true by default
     * @return this
     */
    public Builder hugePages(final boolean use) {
      this.hugePages = use;
      return this;
    }

    /**
     * Sets where huge pages are taken from.
     *
     * @param folder a hugetlbfs; null, the default: SPDK finds them
     * @return this
     */
    public Builder hugeDir(final @Nullable Path folder) {
      this.hugeDir = folder;
      return this;
    }

    /**
     * Sets whether bdevs that can, such as aio's, may wake a reactor that sleeps (SPDK's interrupt
     * mode); all others are polled in any case. From SPDK 25.01 on this concerns NVMe, for the
     * whole process: each completion of a drive raises an interrupt, and NVMe-oF is refused.
     *
     * @param use by default true before SPDK 25.01, and false from then on
     * @return this
     */
    public Builder interrupts(final boolean use) {
      this.interrupts = use;
      return this;
    }

    /**
     * Makes the options.
     *
     * @return the options
     */
    public SpdkOptions build() {
      return new SpdkOptions(this);
    }
  }
}
