/**
 * Ashlar: an embedded, crash-consistent chunk store for the JVM, on a file, a block device or
 * memory.
 */
@NullMarked
package dev.ashlar;

import org.jspecify.annotations.NullMarked;
