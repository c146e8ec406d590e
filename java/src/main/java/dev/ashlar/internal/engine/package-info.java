/**
 * The chunk engine: what happens between a call of the public API and the op slots.
 *
 * <ul>
 *   <li>Reads: {@code Reader} maps pages through {@code ChunkCache} and moves bytes with {@code
 *       ReadOp}; {@code EpochGuard} keeps the pages from being freed meanwhile.
 *   <li>Writes: {@code Submission} puts an {@code Op} into the queue of its {@code Chunk}, {@code
 *       OpScheduler} decides when its data may move and when it retires, {@code WriteTransfer}
 *       moves it, {@code Committer} makes groups of retired operations durable and visible, {@code
 *       PageReclaimer} frees what they replaced.
 *   <li>Open and close: {@code StoreOpener}, {@code Recovery}, {@code StoreImpl}.
 * </ul>
 */
@NullMarked
package dev.ashlar.internal.engine;

import org.jspecify.annotations.NullMarked;
