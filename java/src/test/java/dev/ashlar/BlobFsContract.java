package dev.ashlar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import org.junit.jupiter.api.Test;

/** What every BlobFS does, whatever device it lies on. */
abstract class BlobFsContract {

  static final long SIZE = 64L << 20;

  /** The device of a test, empty at its beginning. */
  abstract BlobFsOptions.Builder device();

  /** Opens its BlobFS, which is made if there is none. */
  BlobFs create() {
    return BlobFs.open(device().createIfMissing(true).build());
  }

  /** An empty one that need not be found again. */
  BlobFs fresh() {
    return create();
  }

  private static ByteBuffer bytes(final String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }

  private static String text(final BlobFile file) {
    final ByteBuffer into = ByteBuffer.allocate((int) file.size() + 10);
    file.read(0, into);
    return UTF_8.decode(into.flip()).toString();
  }

  // --- content -----------------------------------------------------------------------------------

  @Test
  void filesOutliveTheFileSystem() {
    try (BlobFs fs = create()) {
      try (BlobFile made = fs.create("/a/b")) {
        made.append(bytes("hello "));
        made.append(ByteBuffer.allocateDirect(5).put(bytes("world")).flip());
        made.append(bytes("!").asReadOnlyBuffer());
        assertThat(made.size()).isEqualTo(12);
        assertThat(text(made)).isEqualTo("hello world!");
      }
      fs.createLog("/a/log").close();
    }
    try (BlobFs fs = create();
        BlobFile found = fs.open("/a/b")) {
      assertThat(fs.list("/a/")).containsExactly("/a/b", "/a/log");
      assertThat(text(found)).isEqualTo("hello world!");
      assertThat(fs.stat("/a/log").log()).isTrue();
      final BlobFileStat stat = fs.stat("/a/b");
      assertThat(stat.sizeBytes()).isEqualTo(12);
      assertThat(stat.log()).isFalse();
      assertThat(stat.modified()).isNotNull();
      final ByteBuffer direct = ByteBuffer.allocateDirect(8).position(2);
      assertThat(found.read(9, direct)).isEqualTo(3);
      assertThat(direct.position()).isEqualTo(5);
      assertThat(found.read(4711, direct)).isZero();
    }
  }

  @Test
  void heapBuffersOfAnySizeGoThrough() {
    try (BlobFs fs = fresh();
        BlobFile made = fs.create("/large")) {
      final byte[] large = new byte[(3 << 20) + 17];
      for (int i = 0; i < large.length; i++) {
        large[i] = (byte) (i * 31 + (i >> 12));
      }
      made.append(ByteBuffer.wrap(large));
      final ByteBuffer back = ByteBuffer.allocate(large.length + 5).position(3);
      assertThat(made.read(0, back)).isEqualTo(large.length);
      assertThat(back.flip().position(3)).isEqualTo(ByteBuffer.wrap(large));
    }
  }

  @Test
  void renameReplacesAndDeleteRemoves() {
    try (BlobFs fs = fresh()) {
      try (BlobFile one = fs.create("/one");
          BlobFile two = fs.create("/two")) {
        one.append(bytes("1"));
        two.append(bytes("2"));
        fs.rename("/one", "/two");
        assertThat(fs.list("")).containsExactly("/two");
        assertThat(text(two)).as("an open file stays").isEqualTo("2");
      }
      try (BlobFile now = fs.append("/two")) {
        now.append(bytes("x"));
        assertThat(text(now)).isEqualTo("1x");
        now.truncate(1);
        now.sync();
        assertThat(text(now)).isEqualTo("1");
      }
      assertThat(fs.exists("/two")).isTrue();
      fs.delete("/two");
      assertThat(fs.exists("/two")).isFalse();
    }
  }

  @Test
  void statsCountFilesAndSpace() {
    try (BlobFs fs = fresh()) {
      final BlobFsStats before = fs.stats();
      try (BlobFile made = fs.create("/a")) {
        made.append(ByteBuffer.allocate(5 << 20));
        made.sync();
      }
      final BlobFsStats after = fs.stats();
      assertThat(after.files()).isEqualTo(before.files() + 1);
      assertThat(before.freeBytes() - after.freeBytes()).isBetween(5L << 20, 7L << 20);
      assertThat(after.totalBytes()).isBetween(SIZE / 2, SIZE);
      assertThat(after.deviceBytesWritten()).isGreaterThanOrEqualTo(5 << 20);
      assertThat(after.readOnly()).isFalse();
      assertThat(fs.damage()).isEmpty();
    }
  }

  // --- mistakes ----------------------------------------------------------------------------------

  @Test
  void mistakesWithFilesHaveTheirExceptions() {
    try (BlobFs fs = fresh()) {
      fs.create("/a").close();
      assertThatThrownBy(() -> fs.open("/b")).isInstanceOf(NoSuchBlobFileException.class);
      assertThatThrownBy(() -> fs.stat("/b")).isInstanceOf(NoSuchBlobFileException.class);
      assertThatThrownBy(() -> fs.delete("/b")).isInstanceOf(NoSuchBlobFileException.class);
      assertThatThrownBy(() -> fs.rename("/b", "/c")).isInstanceOf(NoSuchBlobFileException.class);
      assertThatThrownBy(() -> fs.create("/a")).isInstanceOf(BlobFileExistsException.class);
      for (final String bad : new String[] {"", "a", "/a/", "//", "/" + "x".repeat(255), "/\0"}) {
        assertThatThrownBy(() -> fs.create(bad))
            .as(bad)
            .isInstanceOf(IllegalArgumentException.class);
      }
      assertThatThrownBy(() -> fs.create("/.ashlar/x"))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> fs.create(null)).isInstanceOf(NullPointerException.class);
      try (BlobFile a = fs.open("/a")) {
        assertThatThrownBy(() -> a.append(bytes("x"))).isInstanceOf(ReadOnlyStoreException.class);
        assertThatThrownBy(() -> a.read(-1, ByteBuffer.allocate(1)))
            .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> a.read(0, ByteBuffer.allocate(1).asReadOnlyBuffer()))
            .isInstanceOf(ReadOnlyBufferException.class);
        assertThatThrownBy(() -> a.truncate(-1)).isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  void useAfterCloseIsAnIllegalState() {
    final BlobFs fs = fresh();
    final BlobFile open = fs.create("/open");
    final BlobFile closed = fs.create("/closed");
    closed.close();
    closed.close();
    assertThatThrownBy(closed::size).isInstanceOf(StoreClosedException.class);
    fs.close();
    fs.close();
    assertThatThrownBy(() -> open.append(bytes("x"))).isInstanceOf(StoreClosedException.class);
    assertThatThrownBy(open::sync).isInstanceOf(StoreClosedException.class);
    assertThatThrownBy(() -> fs.list("")).isInstanceOf(StoreClosedException.class);
    assertThatThrownBy(fs::stats).isInstanceOf(StoreClosedException.class);
    assertThatThrownBy(fs::rocksEnv).isInstanceOf(StoreClosedException.class);
    open.close();
  }

  @Test
  void fullDeviceRefusesAppendsAndGoesOnAfterDeletes() {
    try (BlobFs fs = fresh();
        BlobFile other = fs.create("/other")) {
      other.append(bytes("x"));
      final ByteBuffer piece = ByteBuffer.allocateDirect(1 << 20);
      try (BlobFile filler = fs.create("/filler")) {
        assertThatThrownBy(
                () -> {
                  for (int i = 0; i < 100; i++) {
                    filler.append(piece.clear());
                  }
                })
            .isInstanceOf(OutOfSpaceException.class);
        fs.delete("/filler");
      }
      for (int i = 0; i < 10; i++) {
        other.append(piece.clear());
      }
      other.sync();
      assertThat(other.size()).isEqualTo((10L << 20) + 1);
    }
  }

  // --- devices -----------------------------------------------------------------------------------

  @Test
  void deviceIsOpenOnlyOnce() {
    try (BlobFs fs = create()) {
      assertThat(fs.list("")).isEmpty();
      assertThatThrownBy(() -> BlobFs.open(device().build()))
          .isInstanceOf(StoreBusyException.class)
          .hasMessageContaining(device().build().device().label());
      assertThatThrownBy(() -> BlobFs.format(device().build()))
          .isInstanceOf(StoreBusyException.class);
    }
  }

  @Test
  void readOnlyRefusesChanges() {
    try (BlobFs fs = create()) {
      fs.create("/a").close();
    }
    try (BlobFs fs = BlobFs.open(device().readOnly(true).build())) {
      assertThat(fs.list("")).containsExactly("/a");
      assertThat(fs.stats().readOnly()).isTrue();
      assertThatThrownBy(() -> fs.create("/b")).isInstanceOf(ReadOnlyStoreException.class);
      assertThatThrownBy(() -> fs.delete("/a")).isInstanceOf(ReadOnlyStoreException.class);
    }
  }
}
