package dev.ashlar.internal.engine;

/** What an operation does to its chunk. */
enum OpKind {
  CREATE("create"),
  WRITE("write"),
  RESIZE("resize"),
  REMOVE("remove");

  private final String call;

  OpKind(final String call) {
    this.call = call;
  }

  /** Name of the call that makes it. */
  String call() {
    return call;
  }

  /** It depends on everything before it, and everything after depends on it. */
  boolean isBarrier() {
    return this != WRITE;
  }
}
