package dev.ashlar.internal.engine;

import dev.ashlar.testing.ModelRun;
import dev.ashlar.testing.RandomChange;
import dev.ashlar.testing.Seed;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimulatedModelTest {
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyOperationDoesWhatTheModelDoes(final boolean inline) {
    final SplittableRandom random = Seed.random("SimulatedModelTest");
    try (FakeWorld world =
        FakeWorld.builder(random.nextLong())
            .inline(inline)
            .options(options -> options.orderedDelay(Duration.ofMillis(random.nextInt(20))))
            .open()) {
      new ModelRun(world, random, new RandomChange.Shape("object-", 8, 1_500_000, true))
          .run(4000, 150);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aNearlyFullDeviceLosesNothing(final int slots) {
    final SplittableRandom random = Seed.random("SimulatedModelTest full");
    try (FakeWorld world = FakeWorld.builder(random.nextLong()).slots(slots).pages(2, 100).open()) {
      new ModelRun(world, random, new RandomChange.Shape("object-", 6, 200_000, true))
          .run(2000, 200);
    }
  }
}
