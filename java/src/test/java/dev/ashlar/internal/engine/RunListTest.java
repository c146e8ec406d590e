package dev.ashlar.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RunListTest {

  @Test
  void neighboursBecomeOneRun() {
    final RunList list = new RunList();
    for (final long location : new long[] {5, 6, 7, 9, 10, 4, 5}) {
      list.add(location);
    }
    assertThat(list.size()).isEqualTo(3);
    assertThat(list.locations()).startsWith(5, 9, 4);
    assertThat(list.counts()).startsWith(3, 2, 2);
    assertThat(list.pages()).isEqualTo(7);
  }

  @Test
  void listsAreJoined() {
    final RunList one = new RunList();
    final RunList two = new RunList();
    one.add(1);
    two.add(2);
    two.add(10);
    one.addAll(two);
    assertThat(one.size()).isEqualTo(2);
    assertThat(one.pages()).isEqualTo(3);
    one.clear();
    assertThat(one.isEmpty()).isTrue();
    assertThat(one.pages()).isZero();
  }

  @Test
  void whatWasAddedLastCanBeDropped() {
    final RunList list = new RunList();
    for (final long location : new long[] {5, 6, 7, 9, 10, 4}) {
      list.add(location);
    }
    list.keepFirst(6);
    assertThat(list.size()).isEqualTo(3);
    list.keepFirst(4);
    assertThat(list.size()).isEqualTo(2);
    assertThat(list.counts()).startsWith(3, 1);
    list.keepFirst(2);
    assertThat(list.size()).isEqualTo(1);
    assertThat(list.counts()).startsWith(2);
    assertThat(list.pages()).isEqualTo(2);
    list.keepFirst(0);
    assertThat(list.isEmpty()).isTrue();
  }

  @Test
  void manyRunsFit() {
    final RunList list = new RunList();
    for (int i = 0; i < 10_000; i++) {
      list.add(2L * i);
    }
    assertThat(list.size()).isEqualTo(10_000);
    assertThat(list.locations()[9_999]).isEqualTo(19_998);
  }
}
