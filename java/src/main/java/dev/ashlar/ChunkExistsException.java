package dev.ashlar;

/** A chunk of that key exists already. */
public class ChunkExistsException extends AshlarException {

  private static final long serialVersionUID = 1L;

  private final transient ChunkKey key;

  /**
   * For the library's own use.
   *
   * @param key of the chunk
   */
  public ChunkExistsException(final ChunkKey key) {
    super("there is already a chunk " + key);
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
