package dev.ashlar;

import dev.ashlar.internal.Arguments;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How the reactor threads run. A process has one runtime, which all its open stores share: the
 * first store that is opened decides, and opening another one with different options fails with
 * {@link BadConfigurationException} as long as that runtime is in use.
 *
 * <p>Immutable; may be shared between threads.
 */
public final class RuntimeOptions {

  /** Most reactors. */
  public static final int MAX_REACTORS = 64;

  private static final Duration DEFAULT_SPIN = Duration.ofNanos(20_000);
  private static final Duration MAX_SPIN = Duration.ofSeconds(1);
  private static final RuntimeOptions DEFAULTS = builder().build();

  private final int reactors;
  private final IdlePolicy idlePolicy;
  private final Duration spin;
  private final @Nullable Path rpcSocket;
  private final @Nullable SpdkOptions spdk;

  private RuntimeOptions(final Builder builder) {
    this.reactors = builder.reactors;
    this.idlePolicy = builder.idlePolicy;
    this.spin = builder.spin;
    this.rpcSocket = builder.rpcSocket;
    this.spdk = builder.spdk;
  }

  /**
   * The defaults.
   *
   * @return half the cores as reactors (1 to 4), {@link IdlePolicy#ADAPTIVE}, 20 microseconds
   */
  public static RuntimeOptions defaults() {
    return DEFAULTS;
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
   * Number of reactor threads.
   *
   * @return 1 to {@value #MAX_REACTORS}; 0: half the cores, at least 1, at most 4
   */
  public int reactors() {
    return reactors;
  }

  /**
   * What an idle reactor does.
   *
   * @return the policy
   */
  public IdlePolicy idlePolicy() {
    return idlePolicy;
  }

  /**
   * How long an idle reactor looks for work before it sleeps, with {@link IdlePolicy#ADAPTIVE}.
   *
   * @return 0 to 1 second
   */
  public Duration spin() {
    return spin;
  }

  /**
   * Where the process answers rpc requests. Options may differ in it while a runtime is in use.
   *
   * @return null, the default: nowhere
   */
  public @Nullable Path rpcSocket() {
    return rpcSocket;
  }

  /**
   * How SPDK runs.
   *
   * @return null, the default: it is not started
   */
  public @Nullable SpdkOptions spdk() {
    return spdk;
  }

  /**
   * The same reactors without a socket.
   *
   * @return the options
   */
  public RuntimeOptions withoutRpcSocket() {
    return builder().reactors(reactors).idlePolicy(idlePolicy).spin(spin).spdk(spdk).build();
  }

  @Override
  public boolean equals(final @Nullable Object other) {
    return other instanceof RuntimeOptions options
        && reactors == options.reactors
        && idlePolicy == options.idlePolicy
        && spin.equals(options.spin)
        && Objects.equals(rpcSocket, options.rpcSocket)
        && Objects.equals(spdk, options.spdk);
  }

  @Override
  public int hashCode() {
    return Objects.hash(reactors, idlePolicy, spin, rpcSocket, spdk);
  }

  @Override
  public String toString() {
    return "reactors "
        + reactors
        + ", idle policy "
        + idlePolicy
        + ", spin "
        + spin
        + (rpcSocket == null ? "" : ", rpc socket " + rpcSocket)
        + (spdk == null ? "" : ", SPDK with " + spdk);
  }

  /** Collects options. Not safe for use by several threads at once. */
  public static final class Builder {
    private int reactors;
    private IdlePolicy idlePolicy = IdlePolicy.ADAPTIVE;
    private Duration spin = DEFAULT_SPIN;
    private @Nullable Path rpcSocket;
    private @Nullable SpdkOptions spdk;

    private Builder() {}

    /**
     * Sets the number of reactor threads.
     *
     * @param count 1 to {@value RuntimeOptions#MAX_REACTORS}; 0, the default: half the cores, at
     *     least 1, at most 4
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder reactors(final int count) {
      this.reactors = Arguments.inRange("reactors", count, 0, MAX_REACTORS);
      return this;
    }

    /**
     * Sets what an idle reactor does.
     *
     * @param policy {@link IdlePolicy#ADAPTIVE} by default
     * @return this
     */
    public Builder idlePolicy(final IdlePolicy policy) {
      this.idlePolicy = Arguments.notNull("idlePolicy", policy);
      return this;
    }

    /**
     * Sets how long an idle reactor looks for work before it sleeps; used with {@link
     * IdlePolicy#ADAPTIVE} only.
     *
     * @param duration 0 to 1 second, 20 microseconds by default
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder spin(final Duration duration) {
      Arguments.notNull("spin", duration);
      if (duration.isNegative() || duration.compareTo(MAX_SPIN) > 0) {
        throw new IllegalArgumentException(
            "spin is " + duration + ", must be from 0 to " + MAX_SPIN);
      }
      this.spin = duration;
      return this;
    }

    /**
     * Sets a Unix socket at which the process answers rpc requests, in the way of SPDK's targets,
     * as long as something is open that was opened with it. Whoever can connect to it can do
     * everything this process can do with its devices; only processes of the same user are served.
     *
     * @param socket in a folder that only this user can enter (mode 0700; made if it is missing).
     *     Null, the default: there is none
     * @return this
     */
    public Builder rpcSocket(final @Nullable Path socket) {
      this.rpcSocket = socket;
      return this;
    }

    /**
     * Sets that SPDK runs as long as something is open that was opened with these options.
     *
     * @param options of it. Null, the default: it is not started
     * @return this
     */
    public Builder spdk(final @Nullable SpdkOptions options) {
      this.spdk = options;
      return this;
    }

    /**
     * Makes the options.
     *
     * @return the options
     */
    public RuntimeOptions build() {
      return new RuntimeOptions(this);
    }
  }
}
