package dev.ashlar.internal.metadata;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The used pages of one private blob, as saved by a clean close.
 *
 * @param blob index of the blob's root page
 * @param generation of the store when this was saved; believed only if it is the current one
 * @param pages length of the blob
 * @param words one bit per page, 64 pages a word, the lowest bit first; not to be changed
 */
public record SpaceRecord(int blob, long generation, long pages, long[] words) {

  @Override
  public boolean equals(final @Nullable Object other) {
    return other instanceof SpaceRecord record
        && blob == record.blob
        && generation == record.generation
        && pages == record.pages
        && Arrays.equals(words, record.words);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(words) * 31 + blob;
  }

  @Override
  public String toString() {
    return "space of blob " + blob + ", generation " + generation + ", pages " + pages;
  }
}
