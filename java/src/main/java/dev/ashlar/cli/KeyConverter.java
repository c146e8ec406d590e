package dev.ashlar.cli;

import dev.ashlar.ChunkKey;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Keys as {@link ChunkKey#parse} reads them. */
final class KeyConverter implements ITypeConverter<ChunkKey> {

  @Override
  public ChunkKey convert(final String text) {
    try {
      return ChunkKey.parse(text);
    } catch (final IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
