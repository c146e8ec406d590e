package dev.ashlar.internal;

/** Indices into the array that {@link Native#storeNumbers} fills; sizes are in bytes. */
final class StoreNumbers {
  static final int DEVICE_BYTES = 0;
  static final int SECTOR_BYTES = 1;
  static final int DIRECT_IO = 2;
  static final int INLINE_READ = 3;
  static final int VOLATILE_CACHE = 4;
  static final int CLUSTER_BYTES = 5;
  static final int CLUSTERS = 6;
  static final int FREE_CLUSTERS = 7;
  static final int PRIVATE_BLOBS = 8;
  static final int PRIVATE_PAGES = 9;
  static final int USED_PAGES = 10;
  static final int READS = 11;
  static final int WRITES = 12;
  static final int FLUSHES = 13;
  static final int BYTES_READ = 14;
  static final int BYTES_WRITTEN = 15;
  static final int BUFFER_BYTES = 16;
  static final int WAS_CLEAN = 17;

  /** Frees of pages that were not in use, and the like: faults of the caller, or ours. */
  static final int INTERNAL_ERRORS = 18;

  /** Clusters that chunk data leaves to the metadata. */
  static final int RESERVE_CLUSTERS = 19;

  /** Whether the driven reactor takes reads. */
  static final int DRIVEN_READS = 20;

  static final int COUNT = 21;

  private StoreNumbers() {}
}
