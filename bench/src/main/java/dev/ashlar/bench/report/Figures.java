package dev.ashlar.bench.report;

import java.util.Locale;

/** Figures as text, with about three digits that mean something. */
final class Figures {

  private Figures() {}

  static String of(final double value) {
    if (Double.isNaN(value)) {
      return "-";
    }
    final double size = Math.abs(value);
    final String format = size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }
}
