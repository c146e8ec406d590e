package dev.ashlar.cli;

import dev.ashlar.AshlarException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Errors as a person reads them: one line that names what is wrong. */
final class Errors {

  private Errors() {}

  static String describe(final Throwable error) {
    final String message = error.getMessage();
    if (error instanceof NoSuchFileException) {
      return "no such file: " + oneLine(message);
    }
    if (error instanceof AccessDeniedException) {
      return "permission denied: " + oneLine(message);
    }
    if (error instanceof FileAlreadyExistsException) {
      return "exists already: " + oneLine(message);
    }
    final boolean speaksForItself =
        error instanceof AshlarException
            || error instanceof FileSystemException
            || error instanceof CliException
            || error instanceof IllegalArgumentException;
    if (speaksForItself && message != null) {
      return oneLine(message);
    }
    return oneLine(error.getClass().getSimpleName() + (message == null ? "" : ": " + message));
  }

  /** What a future's exception is about. */
  static Throwable unwrap(final Throwable error) {
    Throwable cause = error;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  static String oneLine(final @Nullable String text) {
    return text == null ? "" : text.replaceAll("\\s*\\R\\s*", " ");
  }
}
