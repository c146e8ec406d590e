package dev.ashlar.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BoundTest {

  @Test
  void lowerBoundHoldsFromItsLimitOn() {
    final Bound bound = Bound.atLeast(0.95, "x");
    assertThat(bound.holds(0.95)).isTrue();
    assertThat(bound.holds(1.2)).isTrue();
    assertThat(bound.holds(0.94)).isFalse();
    assertThat(bound.text()).isEqualTo("at least 0.95x");
  }

  @Test
  void upperBoundHoldsUpToItsLimit() {
    final Bound bound = Bound.atMost(1.05, "");
    assertThat(bound.holds(1.05)).isTrue();
    assertThat(bound.holds(1.06)).isFalse();
    assertThat(bound.text()).isEqualTo("at most 1.05");
  }

  @Test
  void ratiosAreComparedAsTheyArePrinted() {
    assertThat(Bound.atLeast(0.95, "x").holds(0.946)).isTrue();
    assertThat(Bound.atLeast(0.95, "x").holds(0.944)).isFalse();
  }

  @Test
  void wholeUnitsIgnoreFractions() {
    final Bound bound = Bound.atMostWhole(0, " bytes");
    assertThat(bound.holds(0.4)).isTrue();
    assertThat(bound.holds(0.6)).isFalse();
    assertThat(bound.text()).isEqualTo("at most 0 bytes");
  }
}
