package dev.ashlar.internal.engine;

import dev.ashlar.ChunkBatch;
import dev.ashlar.ChunkKey;
import dev.ashlar.Durability;
import dev.ashlar.internal.Arguments;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Collects changes for {@link Submission}. */
final class BatchImpl implements ChunkBatch {
  private final Submission submission;
  private final List<Submission.Change> changes = new ArrayList<>();
  private Durability durability;
  private boolean committed;

  BatchImpl(final Submission submission, final Durability durability) {
    this.submission = submission;
    this.durability = durability;
  }

  @Override
  public ChunkBatch create(final ChunkKey key) {
    return add(new Submission.Change(OpKind.CREATE, Arguments.notNull("key", key), 0, null));
  }

  @Override
  public ChunkBatch write(final ChunkKey key, final long offset, final ByteBuffer source) {
    Checks.write(key, offset, source);
    return add(new Submission.Change(OpKind.WRITE, key, offset, source));
  }

  @Override
  public ChunkBatch resize(final ChunkKey key, final long sizeBytes) {
    Checks.resize(key, sizeBytes);
    return add(new Submission.Change(OpKind.RESIZE, key, sizeBytes, null));
  }

  @Override
  public ChunkBatch remove(final ChunkKey key) {
    return add(new Submission.Change(OpKind.REMOVE, Arguments.notNull("key", key), 0, null));
  }

  private ChunkBatch add(final Submission.Change change) {
    checkOpen();
    changes.add(change);
    return this;
  }

  @Override
  public ChunkBatch durability(final Durability chosen) {
    durability = Arguments.notNull("durability", chosen);
    return this;
  }

  @Override
  public int size() {
    return changes.size();
  }

  @Override
  public void commit() {
    checkOpen();
    committed = true;
    submission.changeAll(changes, durability == Durability.DURABLE);
  }

  @Override
  public CompletableFuture<Void> commitAsync() {
    checkOpen();
    committed = true;
    return submission.changeAllAsync(changes, durability == Durability.DURABLE);
  }

  private void checkOpen() {
    if (committed) {
      throw new IllegalStateException("the batch has been committed; start another one");
    }
  }
}
