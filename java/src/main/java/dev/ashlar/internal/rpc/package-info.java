/**
 * The rpc socket and the configuration file: JSON-RPC 2.0 with the methods of SPDK.
 *
 * <p>A configuration is a list of calls, so both share one table of methods. What comes from
 * outside passes three gates: {@link dev.ashlar.internal.rpc.MessageScanner} bounds it, {@link
 * dev.ashlar.internal.rpc.Dispatcher} makes requests of it, {@link dev.ashlar.internal.rpc.Params}
 * their arguments.
 */
@NullMarked
package dev.ashlar.internal.rpc;

import org.jspecify.annotations.NullMarked;
