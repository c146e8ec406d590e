package dev.ashlar.internal.engine;

import dev.ashlar.ChunkIterator;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStat;
import dev.ashlar.internal.metadata.ChunkCursor;
import java.util.ArrayDeque;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Reads a listing in pieces; holds nothing open in between. */
final class ListIterator implements ChunkIterator {
  private static final int READ_AHEAD = 256;

  private final Engine engine;
  private final Reader reader;
  private final String prefix;
  private final ArrayDeque<ChunkStat> ahead = new ArrayDeque<>();
  private @Nullable ChunkKey last;
  private boolean atEnd;

  ListIterator(
      final Engine engine,
      final Reader reader,
      final String prefix,
      final @Nullable ChunkKey after) {
    this.engine = engine;
    this.reader = reader;
    this.prefix = prefix;
    this.last = after;
  }

  @Override
  public boolean hasNext() {
    if (ahead.isEmpty() && !atEnd) {
      readAhead();
    }
    return !ahead.isEmpty();
  }

  @Override
  public ChunkStat next() {
    if (!hasNext()) {
      throw new NoSuchElementException("no more chunks");
    }
    return ahead.removeFirst();
  }

  void readAhead() {
    final int token = reader.enter();
    try (ChunkCursor cursor = engine.metadata().chunks(prefix, last)) {
      while (ahead.size() < READ_AHEAD) {
        if (!cursor.next()) {
          atEnd = true;
          return;
        }
        last = cursor.key();
        ahead.add(cursor.record().toStat(cursor.key()));
      }
    } finally {
      engine.guard().exit(token);
    }
  }
}
