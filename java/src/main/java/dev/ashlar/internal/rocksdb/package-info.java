/** RocksDB's native library, and what plugs files of our own into it. */
@NullMarked
package dev.ashlar.internal.rocksdb;

import org.jspecify.annotations.NullMarked;
