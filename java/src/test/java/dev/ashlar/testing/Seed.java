package dev.ashlar.testing;

import java.util.SplittableRandom;

/** Randomness that can be repeated: prints its seed, and takes one from {@code -Dashlar.seed}. */
public final class Seed {

  private Seed() {}

  /**
   * A generator for one test.
   *
   * @param test named in the line that is printed
   * @return the generator
   */
  public static SplittableRandom random(final String test) {
    final Long given = Long.getLong("ashlar.seed");
    final long seed = given != null ? given : System.nanoTime();
    System.out.println(test + ": -Dashlar.seed=" + seed);
    return new SplittableRandom(seed);
  }
}
