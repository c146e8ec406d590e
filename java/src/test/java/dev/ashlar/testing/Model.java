package dev.ashlar.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStat;
import dev.ashlar.ChunkStore;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a store must hold, in the simplest form that can be right. */
public final class Model {
  private static final int PAGE = 4096;

  /** One chunk: its size and those of its pages that were ever written. */
  private static final class Chunk {
    long size;
    final TreeMap<Long, byte[]> pages = new TreeMap<>();

    Chunk copy() {
      final Chunk copy = new Chunk();
      copy.size = size;
      pages.forEach((page, bytes) -> copy.pages.put(page, bytes.clone()));
      return copy;
    }
  }

  private final TreeMap<ChunkKey, Chunk> chunks = new TreeMap<>();

  /** Another one that is equal now. */
  public Model copy() {
    final Model copy = new Model();
    chunks.forEach((key, chunk) -> copy.chunks.put(key, chunk.copy()));
    return copy;
  }

  /** Whether there is a chunk. */
  public boolean has(final ChunkKey key) {
    return chunks.containsKey(key);
  }

  /** Size of a chunk that exists. */
  public long size(final ChunkKey key) {
    return chunks.get(key).size;
  }

  /** Keys, in order. */
  public Set<ChunkKey> keys() {
    return chunks.keySet();
  }

  /** Takes over the chunks of another one. */
  public void addAll(final Model other) {
    other.chunks.forEach((key, chunk) -> chunks.put(key, chunk.copy()));
  }

  /** Creates a chunk. */
  public void create(final ChunkKey key) {
    assertThat(chunks.put(key, new Chunk())).isNull();
  }

  /** Removes a chunk. */
  public void remove(final ChunkKey key) {
    assertThat(chunks.remove(key)).isNotNull();
  }

  /** Writes bytes. */
  public void write(final ChunkKey key, final long offset, final byte[] bytes) {
    final Chunk chunk = chunks.get(key);
    for (int done = 0; done < bytes.length; ) {
      final long at = offset + done;
      final int inPage = (int) (at % PAGE);
      final int count = Math.min(PAGE - inPage, bytes.length - done);
      final byte[] page = chunk.pages.computeIfAbsent(at / PAGE, absent -> new byte[PAGE]);
      System.arraycopy(bytes, done, page, inPage, count);
      done += count;
    }
    if (bytes.length > 0) {
      chunk.size = Math.max(chunk.size, offset + bytes.length);
    }
  }

  /** Sets the size. */
  public void resize(final ChunkKey key, final long size) {
    final Chunk chunk = chunks.get(key);
    if (size < chunk.size) {
      chunk.pages.tailMap((size + PAGE - 1) / PAGE).clear();
      final byte[] last = chunk.pages.get(size / PAGE);
      if (last != null) {
        Arrays.fill(last, (int) (size % PAGE), PAGE, (byte) 0);
      }
    }
    chunk.size = size;
  }

  /** What a read gives. */
  public byte[] read(final ChunkKey key, final long offset, final int length) {
    final Chunk chunk = chunks.get(key);
    final byte[] bytes = new byte[(int) Math.max(0, Math.min(length, chunk.size - offset))];
    for (int done = 0; done < bytes.length; ) {
      final long at = offset + done;
      final int inPage = (int) (at % PAGE);
      final int count = Math.min(PAGE - inPage, bytes.length - done);
      final byte[] page = chunk.pages.get(at / PAGE);
      if (page != null) {
        System.arraycopy(page, inPage, bytes, done, count);
      }
      done += count;
    }
    return bytes;
  }

  /** Pages with bytes in them. */
  public long pages() {
    return chunks.values().stream().mapToLong(chunk -> chunk.pages.size()).sum();
  }

  // --- comparing ---------------------------------------------------------------------------------

  /** What a store holds, as far as chunks and pages go that appear in some models. */
  public static Model of(final ChunkStore store, final Collection<Model> models) {
    final Map<ChunkKey, TreeSet<Long>> pages = new HashMap<>();
    for (final Model model : models) {
      model.chunks.forEach(
          (key, chunk) ->
              pages.computeIfAbsent(key, absent -> new TreeSet<>()).addAll(chunk.pages.keySet()));
    }
    final Model held = new Model();
    store
        .list("")
        .forEachRemaining(
            stat -> held.chunks.put(stat.key(), read(store, stat, pages.get(stat.key()))));
    return held;
  }

  private static Chunk read(
      final ChunkStore store, final ChunkStat stat, final TreeSet<Long> pages) {
    final Chunk chunk = new Chunk();
    chunk.size = stat.sizeBytes();
    if (pages == null) {
      return chunk;
    }
    for (final Long page : pages) {
      if (page * PAGE < chunk.size) {
        final ByteBuffer target = ByteBuffer.allocate(PAGE);
        final int count = store.read(stat.key(), page * PAGE, target);
        assertThat((long) count).isEqualTo(Math.min(PAGE, chunk.size - page * PAGE));
        chunk.pages.put(page, target.array());
      }
    }
    return chunk;
  }

  /** Fails unless a store holds exactly this. */
  public void assertHeldBy(final ChunkStore store) {
    final Model held = of(store, Set.of(this));
    assertThat(held.difference(this)).as("difference").isEmpty();
  }

  /** Where the chunks of a subset of keys differ; empty if nowhere. A page of zeros is a hole. */
  public String difference(final Model other) {
    if (!chunks.keySet().equals(other.chunks.keySet())) {
      return "keys " + chunks.keySet() + " and " + other.chunks.keySet();
    }
    for (final Map.Entry<ChunkKey, Chunk> entry : chunks.entrySet()) {
      final Chunk mine = entry.getValue();
      final Chunk yours = other.chunks.get(entry.getKey());
      if (mine.size != yours.size) {
        return "sizes of " + entry.getKey() + ": " + mine.size + " and " + yours.size;
      }
      final TreeSet<Long> pages = new TreeSet<>(mine.pages.keySet());
      pages.addAll(yours.pages.keySet());
      for (final Long page : pages) {
        final byte[] zeros = new byte[PAGE];
        final int at =
            Arrays.mismatch(
                mine.pages.getOrDefault(page, zeros), yours.pages.getOrDefault(page, zeros));
        if (at >= 0) {
          return "page " + page + " of " + entry.getKey() + " at byte " + at;
        }
      }
    }
    return "";
  }

  /** Only the chunks whose ids begin with a prefix. */
  public Model withPrefix(final String prefix) {
    final Model some = new Model();
    chunks.forEach(
        (key, chunk) -> {
          if (key.id().startsWith(prefix)) {
            some.chunks.put(key, chunk);
          }
        });
    return some;
  }
}
