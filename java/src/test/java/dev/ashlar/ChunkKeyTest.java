package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.testing.Seed;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkKeyTest {

  @Test
  void keyHasIdAndNumber() {
    final ChunkKey key = ChunkKey.of("object-42", 7);
    assertThat(key.id()).isEqualTo("object-42");
    assertThat(key.number()).isEqualTo(7);
    assertThat(key).hasToString("object-42#7");
    assertThat(ChunkKey.of("object-42").number()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "a, a, 0",
    "a#5, a, 5",
    "a#007, a, 7",
    "a#, a#, 0",
    "a##0, a#, 0",
    "a#5#0, a#5, 0",
    "a#x, a#x, 0",
    "a#-1, a#-1, 0",
    "#x, #x, 0",
    "a#9223372036854775807, a, 9223372036854775807"
  })
  void digitsAfterTheLastSignAreTheNumber(final String text, final String id, final long number) {
    assertThat(ChunkKey.parse(text)).isEqualTo(ChunkKey.of(id, number));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "#1", "a#9223372036854775808", "a#99999999999999999999999"})
  void textWithoutIdOrWithTooLargeNumberIsRefused(final String text) {
    assertThatThrownBy(() -> ChunkKey.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void idOf512BytesIsTheLongest() {
    assertThat(ChunkKey.of("x".repeat(512)).idSizeBytes()).isEqualTo(512);
    assertThat(ChunkKey.of("\u20ac".repeat(170) + "xx").idSizeBytes()).isEqualTo(512);
    assertThatThrownBy(() -> ChunkKey.of("x".repeat(513)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("513")
        .hasMessageContaining("512");
    assertThatThrownBy(() -> ChunkKey.of("\u20ac".repeat(171)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("513");
  }

  @Test
  void badArgumentsAreNamed() {
    assertThatThrownBy(() -> ChunkKey.of(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("id is null");
    assertThatThrownBy(() -> ChunkKey.of("")).hasMessage("id is empty");
    assertThatThrownBy(() -> ChunkKey.of("a\0b")).hasMessage("id has U+0000 at index 1");
    assertThatThrownBy(() -> ChunkKey.of("a\ud800"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("surrogate");
    assertThatThrownBy(() -> ChunkKey.of("a", -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("number is -1, must not be negative");
    assertThatThrownBy(() -> ChunkKey.parse(null)).hasMessage("text is null");
  }

  @Test
  void everyKeyIsReadBackFromItsText() {
    final SplittableRandom random = Seed.random("everyKeyIsReadBackFromItsText");
    for (int i = 0; i < 2000; i++) {
      final ChunkKey key = randomKey(random);
      assertThat(ChunkKey.parse(key.toString())).isEqualTo(key).hasSameHashCodeAs(key);
    }
  }

  @Test
  void keysOrderByBytesOfTheIdThenByNumber() {
    final SplittableRandom random = Seed.random("keysOrderByBytesOfTheIdThenByNumber");
    final List<ChunkKey> keys = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      keys.add(randomKey(random));
    }
    for (final ChunkKey one : keys) {
      for (final ChunkKey other : keys) {
        final int byId =
            Arrays.compareUnsigned(
                one.id().getBytes(StandardCharsets.UTF_8),
                other.id().getBytes(StandardCharsets.UTF_8));
        final int expected = byId != 0 ? byId : Long.compare(one.number(), other.number());
        assertThat(Integer.signum(one.compareTo(other))).isEqualTo(Integer.signum(expected));
        assertThat(one.equals(other)).isEqualTo(expected == 0);
      }
    }
  }

  private static ChunkKey randomKey(final SplittableRandom random) {
    final String[] parts = {"a", "b", "#", "0", "9", "\u0001", "\u00e9", "\uffff", "\ud83d\ude00"};
    final StringBuilder id = new StringBuilder();
    final int length = 1 + random.nextInt(5);
    for (int i = 0; i < length; i++) {
      id.append(parts[random.nextInt(parts.length)]);
    }
    return ChunkKey.of(id.toString(), random.nextLong() >>> (1 + random.nextInt(63)));
  }
}
