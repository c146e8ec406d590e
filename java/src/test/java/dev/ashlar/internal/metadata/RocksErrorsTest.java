package dev.ashlar.internal.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.CorruptMetadataException;
import dev.ashlar.OutOfSpaceException;
import dev.ashlar.StorageIoException;
import dev.ashlar.StoreBusyException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

class RocksErrorsTest {

  private static RuntimeException map(
      final Status.Code code, final Status.SubCode subCode, final String state) {
    return RocksErrors.toException(
        "writing metadata", new RocksDBException(state, new Status(code, subCode, state)));
  }

  @Test
  void everyCauseHasItsClass() {
    assertThat(map(Status.Code.IOError, Status.SubCode.NoSpace, "No space left on device"))
        .isInstanceOf(OutOfSpaceException.class)
        .hasMessageStartingWith("writing metadata failed: ")
        .hasCauseInstanceOf(RocksDBException.class);
    assertThat(map(Status.Code.Corruption, Status.SubCode.None, "block checksum mismatch"))
        .isInstanceOf(CorruptMetadataException.class);
    assertThat(map(Status.Code.IOError, Status.SubCode.None, "While lock file: /m/LOCK: ..."))
        .isInstanceOf(StoreBusyException.class);
    assertThat(map(Status.Code.IOError, Status.SubCode.None, "lock hold by current process"))
        .isInstanceOf(StoreBusyException.class);
    assertThat(map(Status.Code.Undefined, Status.SubCode.None, "?"))
        .isInstanceOf(StorageIoException.class);
  }

  @Test
  void wantOfSpacePassesUnlessASyncFoundIt() {
    final var full = new Status(Status.Code.IOError, Status.SubCode.NoSpace, "");
    for (final String text : List.of("While appending to file: x: No space left", "While open")) {
      assertThat(RocksErrors.mayPass(new RocksDBException(text, full))).isTrue();
    }
    for (final String text : List.of("While fdatasync: x: No space left", "While fsync: x")) {
      assertThat(RocksErrors.mayPass(new RocksDBException(text, full))).isFalse();
    }
    final var broken = new Status(Status.Code.IOError, Status.SubCode.None, "");
    assertThat(RocksErrors.mayPass(new RocksDBException("While appending", broken))).isFalse();
  }

  @Test
  void errnoIsReadFromTheText() {
    final var error = map(Status.Code.IOError, Status.SubCode.None, "f: Input/output error");
    assertThat(((StorageIoException) error).errno()).isEqualTo(5);
  }

  @Test
  void errorWithoutStatusIsAnIoError() {
    assertThat(RocksErrors.toException("x", new RocksDBException("boom")))
        .isInstanceOf(StorageIoException.class)
        .hasMessage("x failed: boom");
  }
}
