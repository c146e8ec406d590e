package dev.ashlar.internal.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.ChunkKey;
import dev.ashlar.ReadOnlyStoreException;
import dev.ashlar.StoreBusyException;
import dev.ashlar.StoreClosedException;
import dev.ashlar.internal.metadata.MetadataOptions.Mode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RocksMetadataStoreTest {

  private static final ChunkKey KEY = ChunkKey.of("object", 7);
  private static final long BUDGET_BYTES = 16 << 20;

  @TempDir private Path folder;

  private static RocksMetadataStore open(final @Nullable Path folder, final Mode mode) {
    final MetadataPlace place =
        folder == null ? new MetadataPlace.Memory() : new MetadataPlace.Folder(folder);
    return RocksMetadataStore.open(new MetadataOptions(place, mode, BUDGET_BYTES));
  }

  private @Nullable Path place(final String where) {
    return where.equals("memory") ? null : folder.resolve("m");
  }

  @ParameterizedTest
  @ValueSource(strings = {"memory", "file"})
  void batchIsVisibleAfterApply(final String where) {
    try (var store = open(place(where), Mode.CREATE)) {
      final var batch = new MetadataBatch();
      batch.putChunk(KEY, 5000, 1, 10, 20);
      batch.putSegment(KEY, 0, new long[] {77, 78}, new int[] {1, 2}, 2);
      batch.putStore(new StoreRecord(new byte[16], 3, 1 << 20));
      batch.putClean(3);
      batch.putSpace(new SpaceRecord(9, 3, 65, new long[] {-1L, 1L}));
      assertThat(batch.count()).isEqualTo(5);
      store.apply(batch, true);
      store.sync();

      assertThat(store.getChunk(KEY)).isEqualTo(new ChunkRecord(5000, 1, 10, 20));
      assertThat(store.getChunk(ChunkKey.of("object", 8))).isNull();
      final var map = new SegmentMap();
      assertThat(store.readSegment(KEY, 0, map)).isTrue();
      assertThat(map.locations).startsWith(77, 78, SegmentMap.HOLE).endsWith(SegmentMap.HOLE);
      assertThat(map.crcs).startsWith(1, 2);
      assertThat(map.pages()).isEqualTo(2);
      assertThat(store.readSegment(KEY, 1, map)).isFalse();
      assertThat(map.pages()).isZero();
      assertThat(store.getStore()).isEqualTo(new StoreRecord(new byte[16], 3, 1 << 20));
      assertThat(store.getClean()).isEqualTo(OptionalLong.of(3));
      assertThat(store.getSpaces())
          .containsExactly(new SpaceRecord(9, 3, 65, new long[] {-1L, 1L}));
    }
  }

  @Test
  void secondOpenOfTheSameFolderIsRefusedAsBusy() {
    try (var store = open(folder.resolve("m"), Mode.CREATE)) {
      assertThatThrownBy(() -> open(folder.resolve("m"), Mode.OPEN))
          .isInstanceOf(StoreBusyException.class);
      assertThat(store.getClean()).isEmpty();
    }
  }

  @Test
  void readOnlyStoreShowsWhatIsThereAndRefusesChanges() {
    final var batch = new MetadataBatch();
    batch.putChunk(KEY, 1, 1, 1, 1);
    try (var store = open(folder.resolve("m"), Mode.CREATE)) {
      store.apply(batch, false);
    }
    try (var store = open(folder.resolve("m"), Mode.READ_ONLY)) {
      assertThat(store.getChunk(KEY)).isNotNull();
      assertThatThrownBy(() -> store.apply(batch, false))
          .isInstanceOf(ReadOnlyStoreException.class);
      assertThatThrownBy(store::sync).isInstanceOf(ReadOnlyStoreException.class);
    }
  }

  @Test
  void everyCallAfterCloseIsRefused() {
    final var store = open(null, Mode.CREATE);
    final var chunks = store.chunks("", null);
    final var segments = store.allSegments();
    store.close();
    store.close();
    final List<Runnable> calls =
        List.of(
            () -> store.apply(new MetadataBatch(), true),
            store::sync,
            () -> store.getChunk(KEY),
            () -> store.readSegment(KEY, 0, new SegmentMap()),
            () -> store.chunks("", null),
            () -> store.segments(KEY, 0),
            store::allSegments,
            store::getStore,
            store::getClean,
            store::getSpaces,
            store::stats,
            chunks::next,
            segments::next);
    for (final Runnable call : calls) {
      assertThatThrownBy(call::run).isInstanceOf(StoreClosedException.class);
    }
    chunks.close();
    segments.close();
    chunks.close();
  }

  @Test
  void listIsInOrderOfKeysAndResumable() {
    try (var store = open(null, Mode.CREATE)) {
      final var batch = new MetadataBatch();
      final List<ChunkKey> keys =
          List.of(
              ChunkKey.of("a", 0),
              ChunkKey.of("a", 1),
              ChunkKey.of("a", 256),
              ChunkKey.of("a", Long.MAX_VALUE),
              ChunkKey.of("a\u0001", 0),
              ChunkKey.of("ab", 0),
              ChunkKey.of("b", 3),
              ChunkKey.of("\uffff", 0),
              ChunkKey.of("\ud83d\ude00", 0));
      for (int i = keys.size() - 1; i >= 0; i--) {
        batch.putChunk(keys.get(i), i, 1, 1, 1);
      }
      store.apply(batch, false);
      assertThat(list(store, "", null)).isEqualTo(keys).isSorted();
      assertThat(list(store, "a", null)).isEqualTo(keys.subList(0, 6));
      assertThat(list(store, "ab", null)).containsExactly(ChunkKey.of("ab"));
      assertThat(list(store, "a", keys.get(2))).isEqualTo(keys.subList(3, 6));
      assertThat(list(store, "b", keys.get(2))).containsExactly(keys.get(6));
      assertThat(list(store, "a", keys.get(6))).isEmpty();
      assertThat(list(store, "zz", null)).isEmpty();
    }
  }

  private static List<ChunkKey> list(
      final MetadataStore store, final String prefix, final @Nullable ChunkKey after) {
    final List<ChunkKey> keys = new ArrayList<>();
    try (var cursor = store.chunks(prefix, after)) {
      while (cursor.next()) {
        keys.add(cursor.key());
        assertThat(cursor.record().version()).isEqualTo(1);
      }
      assertThat(cursor.next()).isFalse();
    }
    return keys;
  }
}
