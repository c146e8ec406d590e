package dev.ashlar.internal;

import org.jspecify.annotations.Nullable;

/** Argument checks whose messages name the argument and its value. */
public final class Arguments {

  private Arguments() {}

  /**
   * Refuses null.
   *
   * @param <T> type of the argument
   * @param name of the argument
   * @param value its value
   * @return the value
   * @throws NullPointerException if it is null
   */
  public static <T> T notNull(final String name, final @Nullable T value) {
    if (value == null) {
      throw new NullPointerException(name + " is null");
    }
    return value;
  }

  /**
   * Refuses values outside [least, most].
   *
   * @param name of the argument
   * @param value its value
   * @param least smallest allowed value
   * @param most largest allowed value
   * @return the value
   * @throws IllegalArgumentException if it is outside
   */
  public static long inRange(
      final String name, final long value, final long least, final long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " is " + value + ", must be from " + least + " to " + most);
    }
    return value;
  }

  /**
   * Refuses values outside [least, most].
   *
   * @param name of the argument
   * @param value its value
   * @param least smallest allowed value
   * @param most largest allowed value
   * @return the value
   * @throws IllegalArgumentException if it is outside
   */
  public static int inRange(final String name, final int value, final int least, final int most) {
    return (int) inRange(name, (long) value, least, most);
  }

  /**
   * Refuses negative values.
   *
   * @param name of the argument
   * @param value its value
   * @return the value
   * @throws IllegalArgumentException if it is negative
   */
  public static long notNegative(final String name, final long value) {
    if (value < 0) {
      throw new IllegalArgumentException(name + " is " + value + ", must not be negative");
    }
    return value;
  }

  /**
   * Refuses what is not a multiple of {@code unit}.
   *
   * @param name of the argument
   * @param value its value, not negative
   * @param unit positive
   * @return the value
   * @throws IllegalArgumentException if it is not a multiple
   */
  public static long multipleOf(final String name, final long value, final long unit) {
    if (value % unit != 0) {
      throw new IllegalArgumentException(name + " is " + value + ", must be a multiple of " + unit);
    }
    return value;
  }
}
