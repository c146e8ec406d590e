package dev.ashlar.cli;

import dev.ashlar.ChunkIterator;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.NoSuchChunkException;
import dev.ashlar.StoreStats;
import dev.ashlar.cli.SourceFiles.SourceFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The main job on real files: they go into a store; the store is closed and opened again; every
 * chunk is read back and compared; half of them are removed and their space comes back.
 */
final class Quickstart {
  private static final int PIECES_IN_FLIGHT = 32;
  private static final int PAGE_BYTES = 4096;
  private static final long SPACE_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Io io;
  private final List<SourceFile> files;
  private final ChunkStoreOptions options;
  private final QuickstartReport report;

  /** SHA-256 and length of what was written. */
  private record Content(byte[] digest, long sizeBytes) {}

  private final Map<ChunkKey, Content> written = new HashMap<>();

  Quickstart(
      final Io io,
      final List<SourceFile> files,
      final ChunkStoreOptions options,
      final QuickstartReport report) {
    this.io = io;
    this.files = files;
    this.options = options;
    this.report = report;
  }

  void run() throws IOException {
    final long usedWhenEmpty;
    try (ChunkStore store = ChunkStore.open(options)) {
      usedWhenEmpty = store.stats().usedBytes();
      write(store);
    }
    final ChunkStoreOptions again =
        options.toBuilder().createIfMissing(false).errorIfExists(false).build();
    final long startNanos = System.nanoTime();
    try (ChunkStore store = ChunkStore.open(again)) {
      final double seconds = (System.nanoTime() - startNanos) / 1e9;
      report.step("open again", false, files.size(), 0, seconds, store.stats());
      final List<ChunkKey> keys = files.stream().map(SourceFile::key).sorted().toList();
      compareList(store, keys);
      readBack(store, "read, compare SHA-256", keys);
      checkSpace(store, usedWhenEmpty, keys);
      remove(store, keys, usedWhenEmpty);
    }
  }

  // --- writing ---------------------------------------------------------------------------------

  private void write(final ChunkStore store) throws IOException {
    final long total = files.stream().mapToLong(SourceFile::sizeBytes).sum();
    final List<CompletableFuture<Void>> created = new ArrayList<>();
    try (Progress progress = new Progress(io, "write", total);
        Pieces pieces = new Pieces(store, PIECES_IN_FLIGHT)) {
      for (final SourceFile file : files) {
        created.add(store.createAsync(file.key())); // takes effect before the writes that follow
        write(store, file, pieces, progress);
      }
      created.forEach(CompletableFuture::join);
      pieces.finish();
      report.step(
          "write, durable",
          true,
          files.size(),
          progress.doneBytes(),
          progress.seconds(),
          store.stats());
    }
  }

  private void write(
      final ChunkStore store, final SourceFile file, final Pieces pieces, final Progress progress)
      throws IOException {
    final MessageDigest digest = sha256();
    long offset = 0;
    try (FileChannel source = FileChannel.open(file.path(), StandardOpenOption.READ)) {
      while (true) {
        final ByteBuffer buffer = pieces.take();
        if (!ChunkReplacement.fill(buffer, source)) {
          pieces.giveBack(buffer);
          break;
        }
        buffer.flip();
        digest.update(buffer.duplicate());
        pieces.writing(store.writeAsync(file.key(), offset, buffer), buffer);
        offset += buffer.limit();
        progress.add(buffer.limit());
      }
    }
    written.put(file.key(), new Content(digest.digest(), offset));
  }

  // --- comparing -------------------------------------------------------------------------------

  private void compareList(final ChunkStore store, final List<ChunkKey> expected) {
    final List<ChunkKey> listed = new ArrayList<>();
    final ChunkIterator chunks = store.list("");
    while (chunks.hasNext()) {
      listed.add(chunks.next().key());
    }
    if (!listed.equals(expected)) {
      report.difference(
          "the store lists " + listed.size() + " chunks, not the " + expected.size() + " expected");
    }
  }

  private void readBack(final ChunkStore store, final String step, final List<ChunkKey> keys) {
    final long total = keys.stream().mapToLong(key -> written.get(key).sizeBytes).sum();
    try (Progress progress = new Progress(io, "compare", total);
        Pieces pieces = new Pieces(store, PIECES_IN_FLIGHT)) {
      for (final ChunkKey key : keys) {
        readBack(store, key, pieces, progress);
      }
      pieces.finish();
      report.step(step, true, keys.size(), progress.doneBytes(), progress.seconds(), store.stats());
    }
  }

  private void readBack(
      final ChunkStore store, final ChunkKey key, final Pieces pieces, final Progress progress) {
    final Content content = written.get(key);
    final long sizeBytes = store.stat(key).sizeBytes();
    if (sizeBytes != content.sizeBytes) {
      report.difference(
          "chunk " + key + " has " + sizeBytes + " bytes, its file " + content.sizeBytes);
      return;
    }
    final MessageDigest digest = sha256();
    for (long offset = 0; offset < sizeBytes; offset += Pieces.BYTES) {
      final boolean last = offset + Pieces.BYTES >= sizeBytes;
      final ByteBuffer buffer = pieces.take();
      buffer.limit((int) Math.min(Pieces.BYTES, sizeBytes - offset));
      pieces.reading(
          store.readAsync(key, offset, buffer),
          buffer,
          arrived -> {
            progress.add(arrived.remaining());
            digest.update(arrived);
            if (last) {
              compare(key, content, digest);
            }
          });
    }
    if (sizeBytes == 0) {
      compare(key, content, digest);
    }
  }

  private void compare(final ChunkKey key, final Content content, final MessageDigest digest) {
    if (!MessageDigest.isEqual(digest.digest(), content.digest)) {
      report.difference("chunk " + key + " has another SHA-256 than its file");
    }
  }

  // --- removing --------------------------------------------------------------------------------

  private void remove(final ChunkStore store, final List<ChunkKey> keys, final long usedWhenEmpty) {
    final List<ChunkKey> removed = new ArrayList<>();
    final List<ChunkKey> kept = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      (i % 2 == 0 ? removed : kept).add(keys.get(i));
    }
    final long total = removed.stream().mapToLong(key -> written.get(key).sizeBytes).sum();
    try (Progress progress = new Progress(io, "remove", total)) {
      final List<CompletableFuture<Void>> removals = new ArrayList<>();
      for (final ChunkKey key : removed) {
        removals.add(store.removeAsync(key));
        progress.add(written.get(key).sizeBytes);
      }
      removals.forEach(CompletableFuture::join);
      checkSpace(store, usedWhenEmpty, kept);
      report.step(
          "remove every second", false, removed.size(), total, progress.seconds(), store.stats());
    }
    for (final ChunkKey key : removed) {
      try {
        store.stat(key);
        report.difference("chunk " + key + " was removed and is still there");
      } catch (final NoSuchChunkException e) {
        continue;
      }
    }
    compareList(store, kept);
    readBack(store, "compare the rest", kept);
  }

  /** Used space is that of the pages of the chunks that are there; freeing may lag a little. */
  private void checkSpace(
      final ChunkStore store, final long usedWhenEmpty, final List<ChunkKey> there) {
    long expected = usedWhenEmpty;
    for (final ChunkKey key : there) {
      expected += (written.get(key).sizeBytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    }
    final long endNanos = System.nanoTime() + SPACE_TIMEOUT_NANOS;
    StoreStats stats = store.stats();
    while (stats.usedBytes() != expected && System.nanoTime() - endNanos < 0) {
      pause();
      stats = store.stats();
    }
    if (stats.usedBytes() != expected) {
      report.difference(
          there.size()
              + " chunks use "
              + stats.usedBytes()
              + " bytes, "
              + expected
              + " were expected");
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(10);
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliException("interrupted");
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (final NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
