package dev.ashlar.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Runs commands in this process and keeps what they print. */
final class Cli {

  /** What one command has done. */
  record Result(int code, byte[] out, String err) {

    String text() {
      return new String(out, StandardCharsets.UTF_8);
    }

    /** The command did what it should, in silence on standard error. */
    Result ok() {
      assertThat(code).as(err).isZero();
      assertThat(err).isEmpty();
      return this;
    }

    /** The command failed with one line on standard error and nothing on standard output. */
    Result failed(final int expectedCode, final String... parts) {
      assertThat(code).as(err).isEqualTo(expectedCode);
      assertThat(err).startsWith("ashlar: ").endsWith("\n").containsOnlyOnce("\n");
      for (final String part : parts) {
        assertThat(err).contains(part);
      }
      assertThat(out).isEmpty();
      return this;
    }
  }

  private Cli() {}

  static Result run(final Object... args) {
    return runWith(InputStream.nullInputStream(), args);
  }

  static Result runWith(final byte[] input, final Object... args) {
    return runWith(new ByteArrayInputStream(input), args);
  }

  static Result runWith(final InputStream input, final Object... args) {
    return run(input, false, args);
  }

  static Result runOnTerminal(final Object... args) {
    return run(InputStream.nullInputStream(), true, args);
  }

  private static Result run(final InputStream input, final boolean terminal, final Object... args) {
    final String[] words = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      words[i] = args[i].toString();
    }
    final ByteArrayOutputStream out = new ByteArrayOutputStream();
    final ByteArrayOutputStream err = new ByteArrayOutputStream();
    final Io io =
        new Io(
            input,
            new PrintStream(out, false, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            terminal);
    final int code = Main.run(io, words);
    return new Result(code, out.toByteArray(), err.toString(StandardCharsets.UTF_8));
  }
}
