package dev.ashlar.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class PagesTest {

  @Test
  void everyPageOfABufferHasItsNumber() {
    final ByteBuffer buffer = Pages.buffer(3 * Pages.BYTES);
    Pages.fill(buffer, 7);
    for (int i = 0; i < 3; i++) {
      Pages.check(buffer, i * Pages.BYTES, 7 + i);
    }
  }

  @Test
  void anotherPageIsNoticed() {
    final ByteBuffer buffer = Pages.buffer(Pages.BYTES);
    Pages.fill(buffer, 7);
    assertThatThrownBy(() -> Pages.check(buffer, 0, 8)).hasMessageContaining("page 8");
  }

  @Test
  void halfOfAnotherPageIsNoticed() {
    final ByteBuffer buffer = Pages.buffer(2 * Pages.BYTES);
    Pages.fill(buffer, 7);
    final byte[] half = new byte[Pages.BYTES / 2];
    buffer.get(Pages.BYTES * 3 / 2, half);
    buffer.put(Pages.BYTES / 2, half);
    assertThatThrownBy(() -> Pages.check(buffer, 0, 7)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void zerosAreNoPage() {
    final ByteBuffer buffer = Pages.buffer(Pages.BYTES);
    assertThat(Pages.isPage(buffer, 0)).isFalse();
  }

  @Test
  void stampedPageIsTheOtherPage() {
    final ByteBuffer buffer = Pages.buffer(2 * Pages.BYTES);
    Pages.fill(buffer, 7);
    Pages.stampAll(buffer, 100);
    assertThatCode(() -> Pages.check(buffer, Pages.BYTES, 101)).doesNotThrowAnyException();
  }
}
