package dev.ashlar.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.OutOfSpaceException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Long random sequences of every operation, compared with a {@link Model} at every step. */
public final class ModelRun {
  private final StoreUnderTest world;
  private final SplittableRandom random;
  private final RandomChange.Shape shape;
  private final Model model = new Model();

  /** Starts with an empty store. */
  public ModelRun(
      final StoreUnderTest world, final SplittableRandom random, final RandomChange.Shape shape) {
    this.world = world;
    this.random = random;
    this.shape = shape;
  }

  /** Makes a number of steps, then compares everything. */
  public void run(final int steps, final int stepsBetweenReopens) {
    for (int i = 0; i < steps; i++) {
      step();
      if (random.nextInt(stepsBetweenReopens) == 0) {
        world.reopen();
        model.assertHeldBy(world.store());
      }
    }
    model.assertHeldBy(world.store());
    assertThat(world.store().stats().problems()).isEmpty();
  }

  private void step() {
    final ChunkStore store = world.store();
    if (random.nextInt(3) > 0 && !model.keys().isEmpty()) {
      readSomething(store);
      return;
    }
    final RandomChange change = RandomChange.next(model, random, shape);
    try {
      change.apply(store);
    } catch (final OutOfSpaceException e) {
      return; // nothing has changed
    } catch (final RuntimeException e) {
      throw new AssertionError("failed: " + change, e);
    }
    change.apply(model);
  }

  private void readSomething(final ChunkStore store) {
    final var keys = model.keys().toArray(new ChunkKey[0]);
    final ChunkKey key = keys[random.nextInt(keys.length)];
    final long size = model.size(key);
    assertThat(store.stat(key).sizeBytes()).isEqualTo(size);
    final long offset = random.nextInt(4) == 0 ? random.nextInt(1 << 20) : random.nextInt(30_000);
    final int length = random.nextInt(8) == 0 ? random.nextInt(2 << 20) : random.nextInt(20_000);
    final ByteBuffer target =
        random.nextBoolean() ? ByteBuffer.allocate(length) : ByteBuffer.allocateDirect(length);
    final int count =
        random.nextBoolean()
            ? store.read(key, offset, target)
            : store.readAsync(key, offset, target).join();
    final byte[] bytes = new byte[count];
    target.get(0, bytes);
    assertThat(bytes)
        .as("%s from %d for %d", key, offset, length)
        .isEqualTo(model.read(key, offset, length));
  }
}
