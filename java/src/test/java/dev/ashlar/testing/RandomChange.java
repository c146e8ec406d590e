package dev.ashlar.testing;

import dev.ashlar.ChunkBatch;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.Durability;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/** A random change of a store, which fits the state that a {@link Model} describes. */
public final class RandomChange {
  private static final long MEBIBYTE = 1 << 20;

  private enum Kind {
    CREATE,
    WRITE,
    RESIZE,
    REMOVE
  }

  private record Step(Kind kind, ChunkKey key, long at, byte[] bytes, boolean direct) {

    void apply(final Model model) {
      switch (kind) {
        case CREATE -> model.create(key);
        case WRITE -> model.write(key, at, bytes);
        case RESIZE -> model.resize(key, at);
        case REMOVE -> model.remove(key);
      }
    }

    ByteBuffer buffer() {
      return direct
          ? ByteBuffer.allocateDirect(bytes.length + 3).position(3).put(bytes).position(3)
          : ByteBuffer.wrap(bytes);
    }

    @Override
    public String toString() {
      return kind + " " + key + " " + at + (bytes == null ? "" : "+" + bytes.length);
    }
  }

  private final List<Step> steps;
  private final Durability durability;

  /** Bit i: the batch is staged after step i. */
  private final int stagedAfter;

  /** The same is staged in another batch first, which is closed. */
  private final boolean rehearsed;

  private RandomChange(
      final List<Step> steps,
      final Durability durability,
      final int stagedAfter,
      final boolean rehearsed) {
    this.steps = steps;
    this.durability = durability;
    this.stagedAfter = stagedAfter;
    this.rehearsed = rehearsed;
  }

  /** How large changes are, and of what. */
  public record Shape(String prefix, int keys, int maxBytes, boolean ordered) {}

  /** The next change for a state. */
  public static RandomChange next(
      final Model model, final SplittableRandom random, final Shape shape) {
    final Model after = model.copy();
    final int count = random.nextInt(8) == 0 ? 2 + random.nextInt(4) : 1;
    final List<Step> steps = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      final Step step = step(after, random, shape);
      step.apply(after);
      steps.add(step);
    }
    final boolean ordered = shape.ordered && random.nextInt(3) > 0;
    final int staged = random.nextInt(4) == 0 ? random.nextInt(1 << count) : 0;
    return new RandomChange(
        steps,
        ordered ? Durability.ORDERED : Durability.DURABLE,
        staged,
        staged != 0 && random.nextInt(4) == 0);
  }

  private static Step step(final Model model, final SplittableRandom random, final Shape shape) {
    final int number = random.nextInt(shape.keys);
    final ChunkKey key = ChunkKey.of(shape.prefix + number % 3, number);
    if (!model.has(key)) {
      return new Step(Kind.CREATE, key, 0, null, false);
    }
    return switch (random.nextInt(12)) {
      case 0 -> new Step(Kind.REMOVE, key, 0, null, false);
      case 1, 2 -> new Step(Kind.RESIZE, key, offset(model.size(key), random), null, false);
      default -> {
        final byte[] bytes = new byte[length(random, shape.maxBytes)];
        random.nextBytes(bytes);
        yield new Step(
            Kind.WRITE, key, offset(model.size(key), random), bytes, random.nextBoolean());
      }
    };
  }

  private static int length(final SplittableRandom random, final int max) {
    final int length =
        switch (random.nextInt(8)) {
          case 0 -> random.nextInt(10);
          case 1, 2 -> 4096 * (1 + random.nextInt(4));
          case 3 -> random.nextInt(max);
          default -> random.nextInt(10_000);
        };
    return Math.min(length, max);
  }

  private static long offset(final long size, final SplittableRandom random) {
    return switch (random.nextInt(10)) {
      case 0 -> 0;
      case 1 -> size;
      case 2 -> (1 + random.nextInt(3)) * MEBIBYTE - random.nextInt(9000);
      case 3 -> random.nextInt(20) == 0 ? (1L << 51) + random.nextInt(5000) : 4096;
      case 4 -> 4096L * random.nextInt(40);
      default -> random.nextInt(60_000);
    };
  }

  /** Applies it to a model. */
  public void apply(final Model model) {
    steps.forEach(step -> step.apply(model));
  }

  /** Whether it must survive a crash once it is acknowledged. */
  public boolean isDurable() {
    return durability == Durability.DURABLE;
  }

  /** Applies it to a store and waits. */
  public void apply(final ChunkStore store) {
    if (needsBatch()) {
      batch(store).commit();
      return;
    }
    final Step step = steps.get(0);
    switch (step.kind) {
      case CREATE -> store.create(step.key);
      case WRITE -> store.write(step.key, step.at, step.buffer(), durability);
      case RESIZE -> store.resize(step.key, step.at);
      case REMOVE -> store.remove(step.key);
    }
  }

  /** Applies it to a store without waiting. */
  public CompletableFuture<Void> applyAsync(final ChunkStore store) {
    if (needsBatch()) {
      return batch(store).commitAsync();
    }
    final Step step = steps.get(0);
    return switch (step.kind) {
      case CREATE -> store.createAsync(step.key);
      case WRITE -> store.writeAsync(step.key, step.at, step.buffer(), durability);
      case RESIZE -> store.resizeAsync(step.key, step.at);
      case REMOVE -> store.removeAsync(step.key);
    };
  }

  /** Several changes, or one whose call takes no durability. */
  private boolean needsBatch() {
    return steps.size() > 1
        || stagedAfter != 0
        || (!isDurable() && steps.get(0).kind != Kind.WRITE);
  }

  private ChunkBatch batch(final ChunkStore store) {
    if (rehearsed) {
      collect(store).close();
    }
    return collect(store);
  }

  private ChunkBatch collect(final ChunkStore store) {
    final ChunkBatch batch = store.batch().durability(durability);
    for (int i = 0; i < steps.size(); i++) {
      final Step step = steps.get(i);
      switch (step.kind) {
        case CREATE -> batch.create(step.key);
        case WRITE -> batch.write(step.key, step.at, step.buffer());
        case RESIZE -> batch.resize(step.key, step.at);
        case REMOVE -> batch.remove(step.key);
      }
      if ((stagedAfter & 1 << i) != 0) {
        batch.stage();
      }
    }
    return batch;
  }

  @Override
  public String toString() {
    return durability + " " + steps + (stagedAfter == 0 ? "" : " staged " + stagedAfter);
  }
}
