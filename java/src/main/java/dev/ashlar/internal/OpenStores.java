package dev.ashlar.internal;

import dev.ashlar.ChunkStore;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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
   * The store on a device.
   *
   * @param device its name; of several, as memory devices have one name, the last that was opened
   * @return the store, or null
   */
  public static synchronized @Nullable ChunkStore find(final String device) {
    ChunkStore last = null;
    for (final Map.Entry<ChunkStore, String> open : STORES.entrySet()) {
      if (open.getValue().equals(device)) {
        last = open.getKey();
      }
    }
    return last;
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
