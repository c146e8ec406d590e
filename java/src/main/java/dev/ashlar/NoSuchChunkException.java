package dev.ashlar;

/** There is no chunk of that key. */
public class NoSuchChunkException extends AshlarException {

  private static final long serialVersionUID = 1L;

  private final transient ChunkKey key;

  /**
   * For the library's own use.
   *
   * @param key of the chunk
   */
  public NoSuchChunkException(final ChunkKey key) {
    super("no chunk " + key);
    this.key = key;
  }

  /**
   * Which chunk it is about.
   *
   * @return the key
   */
  public ChunkKey key() {
    return key;
  }
}
