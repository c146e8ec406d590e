package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.testing.StoreUnderTest;

/** A store on a real device. */
final class NativeStoreUnderTest implements StoreUnderTest {
  private final ChunkStoreOptions options;
  private ChunkStore store;

  NativeStoreUnderTest(final ChunkStoreOptions options) {
    this.options = options;
    this.store = ChunkStore.open(options);
  }

  @Override
  public ChunkStore store() {
    return store;
  }

  @Override
  public void reopen() {
    store.close();
    store = ChunkStore.open(options);
    assertThat(store.stats().wasClean()).isTrue();
  }

  @Override
  public void close() {
    store.close();
  }
}
