package dev.ashlar.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkKey;
import dev.ashlar.internal.metadata.MetadataBatch;
import dev.ashlar.internal.metadata.SpaceRecord;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * When the saved maps of free pages are believed (R4). Here they lie: they call every page free, so
 * that the number of used pages tells whether they were.
 */
@Timeout(60)
class SavedSpaceTest {
  private static final int PAGES = 5;

  private final FakeWorld world = FakeWorld.builder(1).open();
  private final MetadataBatch change = new MetadataBatch();
  private long generation;

  @BeforeEach
  void closeCleanlyWithPagesInUse() {
    final ChunkKey key = ChunkKey.of("k");
    world.store.create(key);
    world.store.write(key, 0, ByteBuffer.allocate(PAGES * 4096));
    world.metadata.keepOpen(true);
    world.store.close();
    world.metadata.keepOpen(false);
    generation = world.metadata.getClean().getAsLong();
    for (final SpaceRecord space : world.metadata.getSpaces()) {
      lie(space, generation, space.pages());
    }
  }

  @AfterEach
  void close() {
    world.close();
  }

  private void lie(final SpaceRecord space, final long ofGeneration, final long pages) {
    final long[] allFree = new long[(int) (pages + 63) / 64];
    change.putSpace(new SpaceRecord(space.blob(), ofGeneration, pages, allFree));
  }

  private SpaceRecord anySpace() {
    return world.metadata.getSpaces().get(1);
  }

  private int usedAfterOpen() {
    world.metadata.apply(change, true);
    world.open();
    return world.disk.usedPages();
  }

  @Test
  void afterACleanCloseTheyAre() {
    assertThat(usedAfterOpen()).isZero();
  }

  @Test
  void withoutTheCleanMarkTheyAreNot() {
    change.deleteClean();
    assertThat(usedAfterOpen()).isEqualTo(PAGES);
  }

  @Test
  void withTheCleanMarkOfAnotherGenerationTheyAreNot() {
    change.putClean(generation - 1);
    assertThat(usedAfterOpen()).isEqualTo(PAGES);
  }

  @Test
  void withADeviceThatWasOpenedSinceTheyAreNot() {
    world.disk.setGeneration(generation + 1);
    assertThat(usedAfterOpen()).isEqualTo(PAGES);
  }

  @Test
  void ifOneIsOfAnotherGenerationNoneIs() {
    lie(anySpace(), generation - 1, anySpace().pages());
    assertThat(usedAfterOpen()).isEqualTo(PAGES);
  }

  @Test
  void ifOneIsOfABlobOfAnotherLengthNoneIs() {
    lie(anySpace(), generation, anySpace().pages() + 64);
    assertThat(usedAfterOpen()).isEqualTo(PAGES);
  }

  @Test
  void ifOneIsMissingNoneIs() {
    change.deleteSpace(anySpace().blob());
    assertThat(usedAfterOpen()).isEqualTo(PAGES);
  }
}
