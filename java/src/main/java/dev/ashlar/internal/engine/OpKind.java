package dev.ashlar.internal.engine;

/** What an operation does to its chunk. */
enum OpKind {
  CREATE,
  WRITE,
  RESIZE,
  REMOVE;

  /** It depends on everything before it, and everything after depends on it. */
  boolean isBarrier() {
    return this != WRITE;
  }
}
