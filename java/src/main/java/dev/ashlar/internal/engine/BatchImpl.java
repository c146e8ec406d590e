package dev.ashlar.internal.engine;

import dev.ashlar.ChunkBatch;
import dev.ashlar.ChunkKey;
import dev.ashlar.Durability;
import dev.ashlar.internal.Arguments;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Collects changes for {@link Submission}. Synchronized because the store may close it. */
final class BatchImpl implements ChunkBatch {
  private final Submission submission;
  private final List<Submission.Change> staged = new ArrayList<>();
  private final List<Submission.Change> collected = new ArrayList<>();
  private Durability durability;
  private int count;
  private boolean committed;
  private boolean closed;

  BatchImpl(final Submission submission, final Durability durability) {
    this.submission = submission;
    this.durability = durability;
  }

  @Override
  public ChunkBatch create(final ChunkKey key) {
    return add(new Submission.Change(OpKind.CREATE, Arguments.notNull("key", key), 0, null, null));
  }

  @Override
  public ChunkBatch write(final ChunkKey key, final long offset, final ByteBuffer source) {
    Checks.write(key, offset, source);
    return add(new Submission.Change(OpKind.WRITE, key, offset, source, null));
  }

  @Override
  public ChunkBatch resize(final ChunkKey key, final long sizeBytes) {
    Checks.resize(key, sizeBytes);
    return add(new Submission.Change(OpKind.RESIZE, key, sizeBytes, null, null));
  }

  @Override
  public ChunkBatch remove(final ChunkKey key) {
    return add(new Submission.Change(OpKind.REMOVE, Arguments.notNull("key", key), 0, null, null));
  }

  private synchronized ChunkBatch add(final Submission.Change change) {
    checkOpen();
    collected.add(change);
    count++;
    return this;
  }

  @Override
  public synchronized ChunkBatch durability(final Durability chosen) {
    durability = Arguments.notNull("durability", chosen);
    return this;
  }

  @Override
  public synchronized ChunkBatch stage() {
    checkOpen();
    try {
      staged.addAll(submission.stage(this, collected));
      collected.clear();
    } catch (final RuntimeException | Error e) {
      close();
      throw e;
    }
    return this;
  }

  @Override
  public synchronized int size() {
    return count;
  }

  @Override
  public synchronized void commit() {
    try {
      submission.changeAll(takeAll(), durability == Durability.DURABLE);
    } finally {
      submission.forget(this);
    }
  }

  @Override
  public synchronized CompletableFuture<Void> commitAsync() {
    try {
      return submission.changeAllAsync(takeAll(), durability == Durability.DURABLE);
    } finally {
      submission.forget(this);
    }
  }

  private List<Submission.Change> takeAll() {
    checkOpen();
    committed = true;
    final List<Submission.Change> all = new ArrayList<>(staged);
    all.addAll(collected);
    staged.clear();
    collected.clear();
    return all;
  }

  @Override
  public synchronized void close() {
    if (!committed && !closed) {
      submission.discard(staged);
    }
    closed = true;
    staged.clear();
    collected.clear();
    submission.forget(this);
  }

  private void checkOpen() {
    if (committed) {
      throw new IllegalStateException("the batch has been committed; start another one");
    }
    if (closed) {
      throw new IllegalStateException("the batch has been closed; start another one");
    }
  }
}
