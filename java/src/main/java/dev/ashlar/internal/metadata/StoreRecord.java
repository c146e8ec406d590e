package dev.ashlar.internal.metadata;

import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Which store this metadata belongs to, and its geometry.
 *
 * @param storeId 16 bytes, the same as on the device; not to be changed
 * @param generation raised at every open for writing; the device has the same number
 * @param clusterBytes unit in which the blobstore gives out space
 */
public record StoreRecord(byte[] storeId, long generation, int clusterBytes) {

  /** Length of a store id. */
  public static final int ID_BYTES = 16;

  /**
   * Checks the length of the id.
   *
   * @param storeId see above
   * @param generation see above
   * @param clusterBytes see above
   */
  public StoreRecord {
    if (storeId.length != ID_BYTES) {
      throw new IllegalArgumentException(
          "storeId has " + storeId.length + " bytes, must be " + ID_BYTES);
    }
  }

  /**
   * The id as text.
   *
   * @return 32 hexadecimal digits
   */
  public String storeIdText() {
    return HexFormat.of().formatHex(storeId);
  }

  @Override
  public boolean equals(final @Nullable Object other) {
    return other instanceof StoreRecord record
        && Arrays.equals(storeId, record.storeId)
        && generation == record.generation
        && clusterBytes == record.clusterBytes;
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(storeId) * 31 + Long.hashCode(generation);
  }

  @Override
  public String toString() {
    return "store " + storeIdText() + ", generation " + generation + ", clusters " + clusterBytes;
  }
}
