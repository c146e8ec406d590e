package dev.ashlar.internal.rpc;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ashlar.ChunkIterator;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStat;
import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import dev.ashlar.NoSuchDeviceException;
import dev.ashlar.StoreBusyException;
import dev.ashlar.StoreStats;
import dev.ashlar.internal.OpenStores;

/**
 * Methods about chunk stores, also about those that the program has opened. A store is named by its
 * device.
 */
final class StoreMethods {
  private static final int MAX_LISTED = 1000;

  private final Holdings holdings;

  private StoreMethods(final Holdings holdings) {
    this.holdings = holdings;
  }

  static Methods addTo(final Methods methods, final Holdings holdings) {
    final StoreMethods own = new StoreMethods(holdings);
    return methods
        .add("ashlar_store_open", own::open)
        .add("ashlar_store_close", own::close)
        .add("ashlar_store_info", StoreMethods::info)
        .add("ashlar_chunk_list", StoreMethods::list)
        .add("ashlar_chunk_stat", StoreMethods::stat)
        .add("ashlar_metrics", StoreMethods::metrics);
  }

  private Object open(final Params params) throws Exception {
    final Device device = FoundBdev.of(params).device();
    final boolean create = params.flag("create");
    final boolean readOnly = params.flag("read_only");
    params.end();
    final ChunkStore store =
        ChunkStore.open(
            ChunkStoreOptions.builder()
                .device(device)
                .createIfMissing(create)
                .readOnly(readOnly)
                .runtime(holdings.runtime())
                .build());
    holdings.hold(device.label(), store);
    return true;
  }

  private Object close(final Params params) {
    final String name = params.string("bdev_name");
    params.end();
    final ChunkStore store = holdings.release(name);
    if (store == null) {
      if (OpenStores.find(name) != null) {
        throw new StoreBusyException("the store on " + name + " was opened by the program");
      }
      throw noStore(name);
    }
    store.close();
    return true;
  }

  private static ChunkStore store(final Params params) {
    final String name = params.string("bdev_name");
    final ChunkStore store = OpenStores.find(name);
    if (store == null) {
      throw noStore(name);
    }
    return store;
  }

  private static NoSuchDeviceException noStore(final String name) {
    return new NoSuchDeviceException("no store is open on " + name);
  }

  private static Object info(final Params params) {
    final ChunkStore store = store(params);
    params.end();
    final StoreStats stats = store.stats();
    final ObjectNode info = Json.MAPPER.createObjectNode();
    info.put("store_id", stats.storeId().toString())
        .put("metadata", stats.metadata())
        .put("backend", stats.backend())
        .put("direct_io", stats.directIo())
        .put("volatile_cache", stats.volatileCache())
        .put("device_bytes", stats.deviceBytes())
        .put("cluster_bytes", stats.clusterBytes())
        .put("used_bytes", stats.usedBytes())
        .put("free_bytes", stats.freeBytes())
        .put("chunks", stats.chunks())
        .put("was_clean", stats.wasClean());
    stats.problems().forEach(info.putArray("problems")::add);
    return info;
  }

  private static Object list(final Params params) {
    final ChunkStore store = store(params);
    final String prefix = params.optionalString("prefix");
    final String after = params.optionalString("after");
    final long limit = params.number("limit", 1, MAX_LISTED, MAX_LISTED);
    params.end();
    final var chunks = Json.MAPPER.createArrayNode();
    final String from = prefix == null ? "" : prefix;
    final ChunkIterator all =
        after == null ? store.list(from) : store.list(from, ChunkKey.parse(after));
    while (chunks.size() < limit && all.hasNext()) {
      describe(all.next(), chunks.addObject());
    }
    return chunks;
  }

  private static Object stat(final Params params) {
    final ChunkStore store = store(params);
    final ChunkKey key = ChunkKey.parse(params.string("key"));
    params.end();
    final ObjectNode chunk = Json.MAPPER.createObjectNode();
    describe(store.stat(key), chunk);
    return chunk;
  }

  private static void describe(final ChunkStat stat, final ObjectNode into) {
    into.put("key", stat.key().toString())
        .put("size_bytes", stat.sizeBytes())
        .put("version", stat.version())
        .put("created", stat.created().toString())
        .put("modified", stat.modified().toString());
  }

  private static Object metrics(final Params params) {
    params.end();
    final ObjectNode metrics = Json.MAPPER.createObjectNode();
    ProcessMethods.putTicks(metrics);
    final ObjectNode stores = metrics.putObject("stores");
    OpenStores.all()
        .forEach(
            (store, name) -> {
              try {
                describe(store.stats(), stores.putObject(name));
              } catch (final IllegalStateException e) {
                stores.remove(name); // it is being closed
              }
            });
    return metrics;
  }

  private static void describe(final StoreStats stats, final ObjectNode into) {
    into.put("chunks", stats.chunks())
        .put("used_bytes", stats.usedBytes())
        .put("free_bytes", stats.freeBytes())
        .put("reads", stats.reads())
        .put("writes", stats.writes())
        .put("flushes", stats.flushes())
        .put("bytes_read", stats.bytesRead())
        .put("bytes_written", stats.bytesWritten())
        .put("commits", stats.commits())
        .put("committed", stats.committed())
        .put("cached_entries", stats.cachedEntries())
        .put("cache_evictions", stats.cacheEvictions())
        .put("metadata_memory_bytes", stats.memory().metadataBytes())
        .put("map_memory_bytes", stats.memory().mapBytes())
        .put("operation_memory_bytes", stats.memory().operationBytes())
        .put("page_buffer_bytes", stats.memory().pageBufferBytes());
  }
}
