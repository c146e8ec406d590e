/**
 * Where chunks are and what is known about them: formats, batches, and their store in RocksDB.
 *
 * <p>{@link dev.ashlar.internal.metadata.MetadataCodec} owns every key and record format; {@link
 * dev.ashlar.internal.metadata.MetadataStore} is all that the rest of the library sees.
 */
@NullMarked
package dev.ashlar.internal.metadata;

import org.jspecify.annotations.NullMarked;
