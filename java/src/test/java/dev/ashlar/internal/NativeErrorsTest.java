package dev.ashlar.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.AshlarException;
import dev.ashlar.BadConfigurationException;
import dev.ashlar.BlobFileExistsException;
import dev.ashlar.ChecksumException;
import dev.ashlar.ChunkKey;
import dev.ashlar.CorruptMetadataException;
import dev.ashlar.NativeMemoryException;
import dev.ashlar.NoSuchBlobFileException;
import dev.ashlar.NoSuchDeviceException;
import dev.ashlar.OutOfSpaceException;
import dev.ashlar.ReadOnlyStoreException;
import dev.ashlar.StorageIoException;
import dev.ashlar.StoreBusyException;
import dev.ashlar.StoreClosedException;
import dev.ashlar.StoreExistsException;
import dev.ashlar.UnsupportedDeviceException;
import dev.ashlar.WrongFormatException;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NativeErrorsTest {

  @Test
  void everyCodeHasItsException() {
    final Map<ResultCode, Class<? extends RuntimeException>> expected =
        new EnumMap<>(ResultCode.class);
    expected.put(ResultCode.OK, IllegalStateException.class);
    expected.put(ResultCode.INVALID_ARGUMENT, BadConfigurationException.class);
    expected.put(ResultCode.NOT_FOUND, NoSuchDeviceException.class);
    expected.put(ResultCode.ALREADY_EXISTS, StoreExistsException.class);
    expected.put(ResultCode.OUT_OF_SPACE, OutOfSpaceException.class);
    expected.put(ResultCode.CHECKSUM_MISMATCH, ChecksumException.class);
    expected.put(ResultCode.CORRUPT, CorruptMetadataException.class);
    expected.put(ResultCode.BUSY, StoreBusyException.class);
    expected.put(ResultCode.IO_ERROR, StorageIoException.class);
    expected.put(ResultCode.CLOSED, StoreClosedException.class);
    expected.put(ResultCode.NOT_SUPPORTED, UnsupportedDeviceException.class);
    expected.put(ResultCode.OUT_OF_MEMORY, NativeMemoryException.class);
    expected.put(ResultCode.WRONG_FORMAT, WrongFormatException.class);
    expected.put(ResultCode.READ_ONLY, ReadOnlyStoreException.class);
    assertThat(expected).containsOnlyKeys(ResultCode.values());
    expected.forEach(
        (code, type) ->
            assertThat(NativeErrors.toException(-code.number(), 0, "context " + code))
                .isExactlyInstanceOf(type)
                .hasMessageContaining("context " + code));
  }

  @Test
  void filesHaveExceptionsOfTheirOwn() {
    final Map<ResultCode, Class<? extends RuntimeException>> own =
        Map.of(
            ResultCode.INVALID_ARGUMENT, IllegalArgumentException.class,
            ResultCode.NOT_FOUND, NoSuchBlobFileException.class,
            ResultCode.ALREADY_EXISTS, BlobFileExistsException.class,
            ResultCode.BUSY, IllegalStateException.class);
    for (final ResultCode code : ResultCode.values()) {
      final RuntimeException error = NativeErrors.toFileException(code.number(), 0, "a file");
      assertThat(error)
          .isExactlyInstanceOf(
              own.getOrDefault(
                  code, NativeErrors.toException(code.number(), 0, "a file").getClass()))
          .hasMessageContaining("a file");
    }
  }

  @Test
  void errnoIsKept() {
    final RuntimeException error = NativeErrors.toException(8, 5, "write of 4096 bytes at 0");
    assertThat(error).hasMessage("write of 4096 bytes at 0 (errno 5)");
    assertThat(((StorageIoException) error).errno()).isEqualTo(5);
  }

  @Test
  void unknownCodeIsADefect() {
    assertThat(NativeErrors.toException(4711, 0, "x"))
        .isExactlyInstanceOf(IllegalStateException.class)
        .hasMessageContaining("4711");
  }

  @Test
  void closedIsAnIllegalState() {
    assertThat(IllegalStateException.class).isAssignableFrom(StoreClosedException.class);
    assertThat(AshlarException.class.isAssignableFrom(StoreClosedException.class)).isFalse();
  }

  @Test
  void checksumErrorNamesChunkPageBlobAndOffset() {
    final ChecksumException error =
        new ChecksumException(ChunkKey.of("a", 1), 12, 3, 65536, 0xdeadbeef, 0x0badf00d);
    assertThat(error)
        .hasMessage(
            "checksum mismatch in page 12 of chunk a#1 (blob 3, offset 65536 on the device):"
                + " CRC32C is 0badf00d, must be deadbeef");
    assertThat(error.key()).isEqualTo(ChunkKey.of("a", 1));
    assertThat(error.page()).isEqualTo(12);
    assertThat(error.blob()).isEqualTo(3);
    assertThat(error.deviceOffsetBytes()).isEqualTo(65536);
    assertThat(error.expected()).isEqualTo(0xdeadbeef);
    assertThat(error.actual()).isEqualTo(0x0badf00d);
  }
}
