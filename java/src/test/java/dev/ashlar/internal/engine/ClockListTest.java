package dev.ashlar.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClockListTest {
  private static final int BYTES = 100;

  private static final class Entry extends CacheEntry {
    boolean pinned;
    boolean evicted;

    @Override
    Eviction tryEvict() {
      if (pinned) {
        return Eviction.PINNED;
      }
      evicted = true;
      return Eviction.DONE;
    }

    @Override
    int heapBytes() {
      return BYTES;
    }
  }

  private final ClockList clock = new ClockList(10 * BYTES);

  private List<Entry> add(final int count) {
    final List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      final Entry entry = new Entry();
      entries.add(entry);
      clock.add(entry);
    }
    return entries;
  }

  @Test
  void theOldestGoFirst() {
    final List<Entry> entries = add(15);
    assertThat(entries).extracting(entry -> entry.evicted).startsWith(true, true, true, true, true);
    assertThat(entries.subList(5, 15)).noneMatch(entry -> entry.evicted);
    assertThat(clock.usedBytes()).isEqualTo(10 * BYTES);
    assertThat(clock.entries()).isEqualTo(10);
    assertThat(clock.evictions()).isEqualTo(5);
  }

  @Test
  void whatWasUsedGetsASecondChance() {
    final List<Entry> entries = add(10);
    entries.get(0).touch();
    add(1);
    assertThat(entries.get(0).evicted).isFalse();
    assertThat(entries.get(1).evicted).isTrue();
    add(10);
    assertThat(entries.get(0).evicted).as("not used since").isTrue();
  }

  @Test
  void whatIsInUseStaysEvenBeyondTheLimit() {
    final List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      final Entry entry = new Entry();
      entry.pinned = true;
      entries.add(entry);
      clock.add(entry);
    }
    assertThat(entries).noneMatch(entry -> entry.evicted);
    assertThat(clock.usedBytes()).isEqualTo(30 * BYTES);
    entries.forEach(entry -> entry.pinned = false);
    add(1);
    assertThat(clock.usedBytes()).isLessThanOrEqualTo(10 * BYTES);
  }

  @Test
  void whatIsRemovedDoesNotCount() {
    final List<Entry> entries = add(10);
    entries.forEach(clock::remove);
    entries.forEach(clock::remove);
    assertThat(clock.usedBytes()).isZero();
    assertThat(clock.entries()).isZero();
    add(10);
    assertThat(clock.evictions()).isZero();
  }
}
