package dev.ashlar.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What a simulated device holds: pages in blobs, with a volatile cache in front of them. All under
 * its monitor.
 *
 * <p>Freed pages are poisoned at once, so that a reader who still sees them gets a checksum error,
 * and freeing a page that is not in use is remembered as a violation.
 */
public final class FakeDisk {
  static final int FIRST_BLOB = 7;

  final int blobs;
  final int pagesPerBlob;
  private final Map<Long, byte[]> current = new HashMap<>();
  private final Map<Long, byte[]> durable = new HashMap<>();
  private final List<Long> unflushed = new ArrayList<>();
  private final BitSet used = new BitSet();
  private final List<String> violations = new ArrayList<>();
  private final byte[] id;
  private long generation;
  private final SplittableRandom random;

  /** An empty one. */
  public FakeDisk(final int blobs, final int pagesPerBlob, final byte[] id, final long seed) {
    this.blobs = blobs;
    this.pagesPerBlob = pagesPerBlob;
    this.id = id.clone();
    this.random = new SplittableRandom(seed);
  }

  byte[] id() {
    return id.clone();
  }

  synchronized long generation() {
    return generation;
  }

  /** As if it had been opened more often. */
  public synchronized void setGeneration(final long next) {
    generation = next;
  }

  /** Pages in use. */
  public synchronized int usedPages() {
    return used.cardinality();
  }

  /** Whether writes would be lost if the power went now. */
  public synchronized boolean hasUnflushedPages() {
    return !unflushed.isEmpty();
  }

  /** Pages there are. */
  public int totalPages() {
    return blobs * pagesPerBlob;
  }

  /** What went against the rules. */
  public synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  synchronized void violation(final String what) {
    violations.add(what);
  }

  // --- pages -------------------------------------------------------------------------------------

  private long location(final int index) {
    return (long) (FIRST_BLOB + index / pagesPerBlob) << 32 | index % pagesPerBlob;
  }

  /** -1 if there is no such page. */
  private int index(final long location) {
    final long blob = (location >>> 32) - FIRST_BLOB;
    final long page = location & 0xffffffffL;
    return blob < 0 || blob >= blobs || page >= pagesPerBlob
        ? -1
        : (int) (blob * pagesPerBlob + page);
  }

  /** Takes free pages, in runs of random length; null if there are not enough. */
  synchronized long[] allocate(final int pages) {
    if (totalPages() - used.cardinality() < pages) {
      return null;
    }
    final long[] taken = new long[pages];
    int at = random.nextInt(totalPages());
    for (int i = 0; i < pages; i++) {
      if (random.nextInt(8) == 0) {
        at = random.nextInt(totalPages());
      }
      int free = used.nextClearBit(at);
      if (free >= totalPages()) {
        free = used.nextClearBit(0);
      }
      used.set(free);
      taken[i] = location(free);
      at = free + 1 < totalPages() ? free + 1 : 0;
    }
    return taken;
  }

  synchronized void free(final long location) {
    final int index = index(location);
    if (index < 0 || !used.get(index)) {
      violations.add("page " + Long.toHexString(location) + " is freed but not in use");
      return;
    }
    used.clear(index);
    final byte[] poison = new byte[Pages.PAGE_BYTES];
    Arrays.fill(poison, (byte) 0xdd);
    current.put(location, poison);
  }

  synchronized void write(final long location, final byte[] bytes) {
    final int index = index(location);
    if (index < 0 || !used.get(index)) {
      violations.add("page " + Long.toHexString(location) + " is written but not in use");
    }
    current.put(location, bytes);
    unflushed.add(location);
  }

  /** Null for a page that does not exist. */
  synchronized byte[] read(final long location) {
    if (index(location) < 0) {
      return null;
    }
    return current.getOrDefault(location, new byte[Pages.PAGE_BYTES]);
  }

  synchronized void flush() {
    for (final Long location : unflushed) {
      durable.put(location, current.get(location));
    }
    unflushed.clear();
  }

  /** Flips a bit of a page. */
  public synchronized void damage(final long location) {
    final byte[] bytes = read(location).clone();
    bytes[random.nextInt(bytes.length)] ^= 1;
    current.put(location, bytes);
    durable.put(location, bytes);
  }

  /** Some page in use, or -1. */
  public synchronized long anyUsedPage() {
    final int first = used.nextSetBit(0);
    return first < 0 ? -1 : location(first);
  }

  /**
   * What may be left after a power cut now: what was flushed, and of later writes some, some torn
   * at a sector.
   */
  public synchronized FakeDisk crash(final long seed) {
    final SplittableRandom chance = new SplittableRandom(seed);
    final FakeDisk image = new FakeDisk(blobs, pagesPerBlob, id, seed);
    image.generation = generation;
    image.durable.putAll(durable);
    for (final Long location : unflushed) {
      switch (chance.nextInt(4)) {
        case 0, 1 -> {}
        case 2 -> image.durable.put(location, current.get(location));
        default -> {
          final byte[] torn = durable.getOrDefault(location, new byte[Pages.PAGE_BYTES]).clone();
          final int sectors = 1 + chance.nextInt(7);
          System.arraycopy(current.get(location), 0, torn, 0, sectors * 512);
          image.durable.put(location, torn);
        }
      }
    }
    image.current.putAll(image.durable);
    return image;
  }

  /** As after a restart: which pages are in use is to be told again. */
  public synchronized void forgetUse() {
    used.clear();
  }

  // --- recovery ----------------------------------------------------------------------------------

  synchronized long markUsed(final long[] runs, final int count) {
    for (int i = 0; i < count; i++) {
      for (long page = 0; page < runs[2 * i + 1]; page++) {
        final int index = index(runs[2 * i] + page);
        if (index < 0) {
          return i * 4L + 2;
        }
        if (used.get(index)) {
          return i * 4L;
        }
        used.set(index);
      }
    }
    return -1;
  }

  synchronized void loadBitmap(final int blob, final long[] words) {
    final int from = (blob - FIRST_BLOB) * pagesPerBlob;
    used.clear(from, from + pagesPerBlob);
    final BitSet bits = BitSet.valueOf(words);
    bits.stream().forEach(bit -> used.set(from + bit));
  }

  synchronized long[] bitmap(final int blob) {
    final int from = (blob - FIRST_BLOB) * pagesPerBlob;
    return Arrays.copyOf(
        used.get(from, from + pagesPerBlob).toLongArray(), (pagesPerBlob + 63) / 64);
  }
}
