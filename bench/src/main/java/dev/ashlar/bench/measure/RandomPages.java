package dev.ashlar.bench.measure;

/** Page numbers in random order, without allocation. One thread. */
public final class RandomPages {

  private final int bound;
  private long state;

  /**
   * Makes a sequence.
   *
   * @param seed the same seed gives the same sequence
   * @param bound numbers are below it
   */
  public RandomPages(final long seed, final int bound) {
    this.state = seed * 0x9e3779b97f4a7c15L + 1;
    this.bound = bound;
  }

  /**
   * The next number.
   *
   * @return from 0 to the bound, exclusive
   */
  public int next() {
    state ^= state << 13;
    state ^= state >>> 7;
    state ^= state << 17;
    return (int) (((state >>> 32) * bound) >>> 32);
  }
}
