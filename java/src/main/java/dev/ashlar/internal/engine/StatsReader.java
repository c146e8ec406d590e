package dev.ashlar.internal.engine;

import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.ReadOnlyStoreException;
import dev.ashlar.StoreStats;
import dev.ashlar.internal.DeviceNumbers;
import dev.ashlar.internal.metadata.MetadataStats;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Collects numbers about a store. */
final class StatsReader {
  private final Engine engine;
  private final ChunkStoreOptions options;

  StatsReader(final Engine engine, final ChunkStoreOptions options) {
    this.engine = engine;
    this.options = options;
  }

  StoreStats read() {
    final DeviceNumbers device = DeviceNumbers.of(engine.device());
    final MetadataStats metadata = engine.metadata().stats();
    return new StoreStats(
        uuid(engine.device().id()),
        engine.device().backend(),
        metadata.place(),
        device.directIo(),
        device.volatileCache(),
        device.deviceBytes(),
        device.clusterBytes(),
        device.freeBytes(),
        device.usedBytes(),
        metadata.chunks(),
        device.reads(),
        device.writes(),
        device.flushes(),
        device.bytesRead(),
        device.bytesWritten(),
        engine.committer().commits(),
        engine.committer().committedRequests(),
        new StoreStats.Memory(
            options.memoryBudgetBytes(),
            metadata.cacheBytes(),
            engine.cache().usedBytes(),
            engine.budget().used(),
            device.bufferBytes()),
        engine.cache().entries(),
        engine.cache().evictions(),
        device.wasClean(),
        problems());
  }

  private List<String> problems() {
    final List<String> all = new ArrayList<>(List.of(engine.device().damage()));
    final RuntimeException failure = engine.failure().get();
    if (failure != null && !(failure instanceof ReadOnlyStoreException)) {
      all.add("changes are refused: " + failure.getMessage());
    }
    return List.copyOf(all);
  }

  private static UUID uuid(final byte[] id) {
    final ByteBuffer bytes = ByteBuffer.wrap(id);
    return new UUID(bytes.getLong(), bytes.getLong());
  }
}
