package dev.ashlar.internal.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.internal.rpc.MessageScanner.NotAMessageException;
import dev.ashlar.testing.Seed;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageScannerTest {

  private static final String PIECES = "{}[]\"\\ \n,:0aé\u0000";

  private static void feed(final MessageScanner scanner, final String text) {
    scanner.feed(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static List<String> messages(final MessageScanner scanner) {
    final List<String> messages = new ArrayList<>();
    for (byte[] next = scanner.poll(); next != null; next = scanner.poll()) {
      messages.add(new String(next, StandardCharsets.UTF_8));
    }
    return messages;
  }

  @Test
  void messagesNeedNothingBetweenThem() {
    final MessageScanner scanner = new MessageScanner(100, 4);
    feed(scanner, "{\"a\":1}{\"b\":[2]}\n [{}] \t{\"c\"");
    assertThat(messages(scanner)).containsExactly("{\"a\":1}", "{\"b\":[2]}", "[{}]");
    feed(scanner, ":3}");
    assertThat(messages(scanner)).containsExactly("{\"c\":3}");
  }

  @Test
  void bracketsAndQuotesInStringsAreText() {
    final MessageScanner scanner = new MessageScanner(100, 4);
    final String text = "{\"}]{[\\\"}\":\"\\\\\"}";
    feed(scanner, text);
    assertThat(messages(scanner)).containsExactly(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "\"a\"", "null", "}", "]", "x{}", "\u0000"})
  void whatIsNoObjectAndNoArrayIsNoMessage(final String text) {
    final MessageScanner scanner = new MessageScanner(100, 4);
    feed(scanner, "{}");
    assertThatThrownBy(() -> feed(scanner, text)).isInstanceOf(NotAMessageException.class);
    assertThat(messages(scanner)).containsExactly("{}");
  }

  @Test
  void lengthAndDepthHaveBounds() {
    final MessageScanner fits = new MessageScanner(10, 4);
    feed(fits, "[[[[3456]]]]".substring(1, 11));
    assertThat(messages(fits)).hasSize(1);
    assertThatThrownBy(() -> feed(new MessageScanner(10, 4), "[\"45678901\"]"))
        .isInstanceOf(NotAMessageException.class)
        .hasMessageContaining("10 bytes");
    feed(new MessageScanner(100, 4), "[[[[1]]]]");
    assertThatThrownBy(() -> feed(new MessageScanner(100, 4), "[[[[["))
        .isInstanceOf(NotAMessageException.class)
        .hasMessageContaining("4 deep");
  }

  /** Whatever comes, and however it is cut: the same messages, and never anything unexpected. */
  @Test
  void howTheStreamIsCutMakesNoDifference() {
    final SplittableRandom random = Seed.random("MessageScannerTest");
    for (int round = 0; round < 3000; round++) {
      final StringBuilder text = new StringBuilder("{");
      for (int i = random.nextInt(40); i > 0; i--) {
        text.append(PIECES.charAt(random.nextInt(PIECES.length())));
      }
      final byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
      final List<String> whole = scan(bytes, bytes.length, random);
      assertThat(scan(bytes, 1, random)).as(text.toString()).isEqualTo(whole);
      assertThat(scan(bytes, 5, random)).as(text.toString()).isEqualTo(whole);
    }
  }

  /** Messages of any JSON, with white space in and between them, however they arrive. */
  @Test
  void everyMessageOfAStreamIsFound() {
    final SplittableRandom random = Seed.random("MessageScannerTest");
    for (int round = 0; round < 1000; round++) {
      final List<String> sent = new ArrayList<>();
      final StringBuilder stream = new StringBuilder();
      for (int i = random.nextInt(5); i >= 0; i--) {
        final String message = RandomJson.spaced(RandomJson.container(random, 4), random);
        sent.add(message);
        stream.append(message).append(" \n\t\r".substring(random.nextInt(5)));
      }
      final byte[] bytes = stream.toString().getBytes(StandardCharsets.UTF_8);
      final MessageScanner scanner = new MessageScanner(1 << 20, 5);
      final List<String> found = new ArrayList<>();
      for (int at = 0; at < bytes.length; ) {
        final int length = Math.min(bytes.length - at, 1 + random.nextInt(20));
        scanner.feed(ByteBuffer.wrap(bytes, at, length));
        found.addAll(messages(scanner));
        at += length;
      }
      assertThat(found).isEqualTo(sent);
      assertThat(scanner.isWithinMessage()).isFalse();
    }
  }

  /** What it made of the bytes; the last says whether it gave up. */
  private static List<String> scan(
      final byte[] bytes, final int mostAtOnce, final SplittableRandom random) {
    final MessageScanner scanner = new MessageScanner(30, 4);
    String end = "open";
    try {
      for (int at = 0; at < bytes.length; ) {
        final int length = Math.min(bytes.length - at, 1 + random.nextInt(mostAtOnce));
        scanner.feed(ByteBuffer.wrap(bytes, at, length));
        at += length;
      }
    } catch (final NotAMessageException e) {
      end = e.getMessage();
    }
    final List<String> result = messages(scanner);
    result.add(end);
    return result;
  }
}
