package dev.ashlar.testing;

import dev.ashlar.ChunkStore;

/** A store that a test can close and open again. */
public interface StoreUnderTest extends AutoCloseable {

  /** The open store. */
  ChunkStore store();

  /** Closes it cleanly and opens it again with the same content. */
  void reopen();

  /** Closes it for good, and checks what can be checked then. */
  @Override
  void close();
}
