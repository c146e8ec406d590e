package dev.ashlar.internal;

import dev.ashlar.ChunkStore;
import java.util.LinkedHashMap;
import java.util.Map;

/** The stores that are open in this process, by the names of their devices. */
public final class OpenStores {
  private static final Map<ChunkStore, String> STORES = new LinkedHashMap<>(); // guarded by class

  private OpenStores() {}

  /**
   * A store has been opened.
   *
   * @param store that is open
   * @param device name of its device
   */
  public static synchronized void add(final ChunkStore store, final String device) {
    STORES.put(store, device);
  }

  /**
   * A store is being closed.
   *
   * @param store that was open
   */
  public static synchronized void remove(final ChunkStore store) {
    STORES.remove(store);
  }

  /**
   * All of them.
   *
   * @return names of devices, in the order in which the stores were opened
   */
  public static synchronized Map<ChunkStore, String> all() {
    return new LinkedHashMap<>(STORES);
  }
}
