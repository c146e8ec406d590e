package dev.ashlar.internal.engine;

import dev.ashlar.testing.CrashRun;
import dev.ashlar.testing.Seed;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SimulatedCrashTest {
  @ParameterizedTest
  @CsvSource({"1, false", "1, true", "4, false", "4, true"})
  void whatWasAcknowledgedSurvivesAPowerCutAndNothingIsTorn(
      final int threads, final boolean ordered) throws InterruptedException {
    final SplittableRandom random = Seed.random("SimulatedCrashTest");
    try (FakeWorld world = FakeWorld.builder(random.nextLong()).open()) {
      final CrashRun run = new CrashRun(random, ordered, 50_000);
      for (int life = 0; life < 25; life++) {
        run.life(threads, 1 + random.nextInt(60), world::store, world::crash);
      }
    }
  }
}
