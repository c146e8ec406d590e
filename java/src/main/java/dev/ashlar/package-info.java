/**
 * Ashlar: an embedded, crash-consistent chunk store for the JVM, on a file, a block device or
 * memory.
 *
 * <p>A program opens a {@link dev.ashlar.ChunkStore} on a {@link dev.ashlar.Device} and creates,
 * writes, reads, resizes, lists and removes <em>chunks</em>: named, byte-addressable, sparse
 * objects of any size. Data moves through reactor threads in C++; metadata lives in RocksDB.
 *
 * <p>What we care about, the first first:
 *
 * <ol>
 *   <li>What was acknowledged is there after power loss, and wrong bytes are never returned: every
 *       page carries a checksum that every read verifies.
 *   <li>The JVM survives: bad arguments, damaged devices, use after close, concurrent close and
 *       missing kernel features end in an exception that says what to do, never in a crash or a
 *       hang.
 *   <li>Time per operation: no allocation on the hot path, no copy where the buffer allows it, no
 *       lock held over I/O.
 *   <li>Bounded memory: caches, buffers and RocksDB share one budget per store.
 *   <li>A small surface: one store class, values, options, exceptions. Everything else is in {@code
 *       dev.ashlar.internal} and may change at any time.
 * </ol>
 *
 * <p>All classes here are safe for use by several threads at once unless they say otherwise, and no
 * parameter or result is null unless it is annotated so. Sizes and offsets are in bytes.
 */
@NullMarked
package dev.ashlar;

import org.jspecify.annotations.NullMarked;
