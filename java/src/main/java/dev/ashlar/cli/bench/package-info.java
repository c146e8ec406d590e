/** The workloads of {@code ashlar bench}: RocksDB on BlobFS, driven from Java. */
@NullMarked
package dev.ashlar.cli.bench;

import org.jspecify.annotations.NullMarked;
