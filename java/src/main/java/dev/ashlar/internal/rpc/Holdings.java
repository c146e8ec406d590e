package dev.ashlar.internal.rpc;

import dev.ashlar.BlobFsOptions;
import dev.ashlar.ChunkStore;
import dev.ashlar.RuntimeOptions;
import dev.ashlar.internal.FolderMount;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a server has opened for its clients, and how; closed with it. May be used by many threads at
 * once.
 */
final class Holdings {
  private static final Logger LOG = LoggerFactory.getLogger(Holdings.class);

  private final RuntimeOptions runtime;
  private final Map<String, ChunkStore> stores = new HashMap<>(); // guarded by this
  private final List<FolderMount> mounts = new ArrayList<>(); // guarded by this
  private long bufferBytes = BlobFsOptions.DEFAULT_BUFFER_BYTES; // guarded by this
  private boolean closed; // guarded by this

  Holdings(final RuntimeOptions runtime) {
    this.runtime = runtime;
  }

  /** How reactors run if none do yet. */
  RuntimeOptions runtime() {
    return runtime;
  }

  synchronized long bufferBytes() {
    return bufferBytes;
  }

  synchronized void setBufferBytes(final long bytes) {
    bufferBytes = bytes;
  }

  void hold(final String device, final ChunkStore store) {
    synchronized (this) {
      if (!closed) {
        stores.put(device, store);
        return;
      }
    }
    store.close();
  }

  void hold(final FolderMount mount) {
    synchronized (this) {
      mounts.removeIf(earlier -> !earlier.isAlive());
      if (!closed) {
        mounts.add(mount);
        return;
      }
    }
    mount.endNow();
  }

  /** The store on a device, which the caller has to close; null if no client has opened it. */
  synchronized @Nullable ChunkStore release(final String device) {
    return stores.remove(device);
  }

  /** Mounts before stores, whose files they may show. */
  void close() {
    final List<Runnable> ends = new ArrayList<>();
    synchronized (this) {
      closed = true;
      mounts.forEach(mount -> ends.add(mount::endNow));
      stores.values().forEach(store -> ends.add(store::close));
      mounts.clear();
      stores.clear();
    }
    for (final Runnable end : ends) {
      try {
        end.run();
      } catch (final RuntimeException e) {
        LOG.warn("closing failed", e);
      }
    }
  }
}
