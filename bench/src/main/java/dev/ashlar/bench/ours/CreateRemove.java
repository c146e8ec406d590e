package dev.ashlar.bench.ours;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.bench.measure.AsyncWindow;
import java.util.concurrent.CompletableFuture;

/** Durable creations of chunks, each followed by its removal; the pair is one operation. */
final class CreateRemove implements AsyncWindow.Operation {

  private final ChunkStore store;
  private final ChunkKey[] created;
  private long number;

  CreateRemove(final ChunkStore store, final int depth) {
    this.store = store;
    this.created = new ChunkKey[depth];
  }

  @Override
  public CompletableFuture<?> start(final int place) {
    final ChunkKey key = created[place];
    if (key != null) {
      created[place] = null;
      return store.removeAsync(key);
    }
    created[place] = ChunkKey.of("short-lived", number++);
    return store.createAsync(created[place]);
  }

  @Override
  public boolean finished(final int place) {
    return created[place] == null;
  }
}
