package dev.ashlar.internal.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.ChunkKey;
import dev.ashlar.CorruptMetadataException;
import dev.ashlar.internal.metadata.MetadataOptions.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rule R8: acknowledged commits are never silently dropped, a torn tail is no error. */
class WalCheckTest {

  private static final int COMMITS = 400;

  /** Long, so that a few commits fill several blocks of the log. */
  private static final String ID = "chunk-".repeat(80);

  @TempDir private Path folder;

  private static RocksMetadataStore open(final Path folder, final Mode mode) {
    return RocksMetadataStore.open(new MetadataOptions(folder, mode, 8 << 20));
  }

  private static ChunkKey key(final int number) {
    return ChunkKey.of(ID, number);
  }

  private static void commit(final MetadataStore store, final int number, final boolean sync) {
    final var batch = new MetadataBatch();
    batch.putChunk(key(number), number, 1, 0, 0);
    store.apply(batch, sync);
  }

  /** What a killed process leaves: a copy of the folder of an open store. */
  private Path crash(final int commits, final boolean sync) throws IOException {
    final Path live = folder.resolve("live");
    final Path copy = Files.createDirectory(folder.resolve("copy"));
    try (var store = open(live, Mode.CREATE)) {
      for (int i = 0; i < commits; i++) {
        commit(store, i, sync);
      }
      try (Stream<Path> files = Files.list(live)) {
        for (final Path file : files.toList()) {
          Files.copy(file, copy.resolve(file.getFileName()));
        }
      }
    }
    return copy;
  }

  private static Path log(final Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".log"))
          .max(Comparator.naturalOrder())
          .orElseThrow();
    }
  }

  private static int survivors(final MetadataStore store) {
    int count = 0;
    try (ChunkCursor cursor = store.chunks("", null)) {
      while (cursor.next()) {
        assertThat(cursor.key()).as("what survives is a prefix").isEqualTo(key(count));
        count++;
      }
    }
    return count;
  }

  @Test
  void everythingSurvivesAKilledProcess() throws IOException {
    final Path copy = crash(COMMITS, false);
    try (var store = open(copy, Mode.OPEN)) {
      assertThat(survivors(store)).isEqualTo(COMMITS);
    }
  }

  @Test
  void tornTailLosesOnlyTheNewestUnsyncedCommits() throws IOException {
    final Path copy = crash(50, false);
    final byte[] whole = Files.readAllBytes(log(copy));
    int last = 50;
    for (int cut = 1; cut < 4000; cut += 61) {
      Files.write(log(copy), Arrays.copyOf(whole, whole.length - cut));
      try (var store = open(copy, Mode.READ_ONLY)) {
        final int now = survivors(store);
        assertThat(now).isBetween(last - 1, last);
        last = now;
      }
    }
    assertThat(last).isBetween(40, 48);
    try (var store = open(copy, Mode.OPEN)) {
      assertThat(survivors(store)).isEqualTo(last);
      commit(store, last, true);
    }
    try (var store = open(copy, Mode.OPEN)) {
      assertThat(survivors(store)).isEqualTo(last + 1);
    }
  }

  @Test
  void damageAmongAcknowledgedCommitsIsRefused() throws IOException {
    final Path copy = crash(COMMITS, true);
    final Path log = log(copy);
    final byte[] whole = Files.readAllBytes(log);
    for (final int at : List.of(9, whole.length / 3, whole.length / 2)) {
      final byte[] damaged = whole.clone();
      damaged[at] ^= 1;
      Files.write(log, damaged);
      for (final Mode mode : List.of(Mode.READ_ONLY, Mode.OPEN)) {
        assertThatThrownBy(() -> open(copy, mode))
            .isInstanceOf(CorruptMetadataException.class)
            .hasMessageContaining("lost acknowledged changes");
      }
      assertThat(Files.readAllBytes(log)).as("nothing was written").isEqualTo(damaged);
    }
    Files.write(log, whole);
    try (var store = open(copy, Mode.OPEN)) {
      assertThat(survivors(store)).isEqualTo(COMMITS);
    }
  }

  @Test
  void zeroedBlockAmongAcknowledgedCommitsIsRefused() throws IOException {
    final Path copy = crash(COMMITS, true);
    final byte[] damaged = Files.readAllBytes(log(copy));
    Arrays.fill(damaged, 32 << 10, 64 << 10, (byte) 0);
    Files.write(log(copy), damaged);
    assertThatThrownBy(() -> open(copy, Mode.OPEN)).isInstanceOf(CorruptMetadataException.class);
  }

  @Test
  void damageAmongUnsyncedCommitsCutsTheRest() throws IOException {
    final Path copy = crash(COMMITS, false);
    final byte[] damaged = Files.readAllBytes(log(copy));
    damaged[damaged.length / 2] ^= 1;
    Files.write(log(copy), damaged);
    try (var store = open(copy, Mode.OPEN)) {
      assertThat(survivors(store)).isBetween(COMMITS / 3, COMMITS * 2 / 3);
    }
  }

  @Test
  void cleanCloseLeavesNothingInTheLog() throws IOException {
    final Path live = folder.resolve("live");
    try (var store = open(live, Mode.CREATE)) {
      commit(store, 0, false);
      store.sync();
      commit(store, 1, false);
    }
    assertThat(WalCheck.highestMark(live)).isEqualTo(WalCheck.NONE);
    try (var store = open(live, Mode.OPEN)) {
      assertThat(survivors(store)).isEqualTo(2);
    }
  }
}
