package dev.ashlar.internal.engine;

/**
 * How a store's memory budget is divided.
 *
 * <table>
 *   <caption>Shares</caption>
 *   <tr><td>RocksDB: block cache and write buffers</td><td>4/16</td></tr>
 *   <tr><td>maps and entries of chunks, on the heap</td><td>7/16</td></tr>
 *   <tr><td>operations under way and their staging memory</td><td>2/16</td></tr>
 *   <tr><td>page buffers of the reactors</td><td>2/16</td></tr>
 *   <tr><td>rings, op slots, pools, and what is not counted to the byte</td><td>1/16</td></tr>
 * </table>
 *
 * @param metadataBytes of RocksDB
 * @param mapsBytes of the cache of maps
 * @param operationsBytes of operations under way
 * @param pageBufferBytes of all reactors together
 */
record MemoryPlan(long metadataBytes, long mapsBytes, long operationsBytes, long pageBufferBytes) {

  private static final int PARTS = 16;

  static MemoryPlan of(final long budgetBytes) {
    final long part = budgetBytes / PARTS;
    return new MemoryPlan(4 * part, 7 * part, 2 * part, 2 * part);
  }
}
