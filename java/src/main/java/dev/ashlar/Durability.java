package dev.ashlar;

/** What an acknowledged change of a store has survived. */
public enum Durability {
  /** Acknowledged means that it survives power loss. The default. */
  DURABLE,

  /**
   * Acknowledged means committed, not yet durable: a crash of the process or the machine may lose
   * the newest of these changes, always a suffix in the order of their commits and never a part of
   * one. {@link ChunkStore#sync()} makes all before it durable.
   */
  ORDERED
}
