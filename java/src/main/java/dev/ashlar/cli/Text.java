package dev.ashlar.cli;

/** Text for terminals. */
final class Text {

  private Text() {}

  /** The text with control characters written as escapes, so that a line stays a line. */
  static String printable(final String text) {
    if (text.chars().noneMatch(Character::isISOControl)) {
      return text;
    }
    final StringBuilder printable = new StringBuilder();
    text.chars()
        .forEach(
            c -> {
              if (Character.isISOControl(c)) {
                printable.append(String.format("\\u%04x", c));
              } else {
                printable.append((char) c);
              }
            });
    return printable.toString();
  }
}
