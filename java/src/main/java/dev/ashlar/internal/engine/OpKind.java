package dev.ashlar.internal.engine;

import java.util.Locale;

/** What an operation does to its chunk. */
enum OpKind {
  CREATE,
  WRITE,
  RESIZE,
  REMOVE;

  /** Name of the call that makes it. */
  String call() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** It depends on everything before it, and everything after depends on it. */
  boolean isBarrier() {
    return this != WRITE;
  }
}
