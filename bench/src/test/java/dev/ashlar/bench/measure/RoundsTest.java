package dev.ashlar.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundsTest {

  private static final Effort EFFORT = new Effort(3, Duration.ofMillis(1), 0);

  /** Gives the figures in turn and writes down when it was asked. */
  private static Contender scripted(
      final String name, final List<String> turns, final double... figures) {
    return new Contender() {
      private int next;

      @Override
      public double measure(final Duration slice) {
        turns.add(name);
        return figures[next++];
      }
    };
  }

  @Test
  void sidesTakeTurnsAndTheFirstSliceDoesNotCount() throws Exception {
    final List<String> turns = new ArrayList<>();
    final double[] medians =
        Rounds.medians(
            EFFORT,
            List.of(scripted("A", turns, 1000, 1, 3, 2), scripted("B", turns, 1000, 10, 30, 20)));
    assertThat(medians).containsExactly(2, 20);
    assertThat(String.join("", turns)).isEqualTo("ABABABAB");
  }

  @Test
  void aSideWithoutAFigureEndsTheRow() {
    final List<Contender> sides = List.of(scripted("A", new ArrayList<>(), 0, 0, 0, 0));
    assertThatThrownBy(() -> Rounds.medians(EFFORT, sides))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("0.0");
  }

  @Test
  void medianOfAnEvenNumberIsBetweenTheTwoInTheMiddle() {
    assertThat(Median.of(4, 1, 3, 2)).isEqualTo(2.5);
    assertThat(Median.of(7)).isEqualTo(7);
  }
}
