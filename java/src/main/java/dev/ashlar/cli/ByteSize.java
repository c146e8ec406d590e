package dev.ashlar.cli;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Sizes as people write them: {@code 10G} and {@code 10GiB} are powers of 1024, {@code 10GB} is a
 * power of 1000, a bare number is bytes.
 */
final class ByteSize implements ITypeConverter<Long> {

  private static final Pattern FORM = Pattern.compile("(\\d+) ?([KMGTP]?)(I?B)?");
  private static final String[] UNITS = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
  private static final Map<String, Integer> POWERS =
      Map.of("", 0, "K", 1, "M", 2, "G", 3, "T", 4, "P", 5);

  @Override
  public Long convert(final String text) {
    final Matcher matcher = FORM.matcher(text.strip().toUpperCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "\"" + text + "\" is not a size such as 4096, 512MiB or 10G");
    }
    final String unit = matcher.group(3);
    final boolean decimal = "B".equals(unit);
    try {
      long bytes = Long.parseLong(matcher.group(1));
      for (int i = POWERS.get(matcher.group(2)); i > 0; i--) {
        bytes = Math.multiplyExact(bytes, decimal ? 1000 : 1024);
      }
      return bytes;
    } catch (final ArithmeticException | NumberFormatException e) {
      throw new TypeConversionException("\"" + text + "\" is too large");
    }
  }

  /** Three digits and a unit. */
  static String format(final long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    final String digits =
        unit == 0 || value >= 100 ? "%.0f %s" : value >= 10 ? "%.1f %s" : "%.2f %s";
    return String.format(Locale.ROOT, digits, value, UNITS[unit]);
  }
}
