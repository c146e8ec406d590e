package dev.ashlar.process;

import dev.ashlar.ChunkIterator;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStat;
import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import dev.ashlar.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/** The process of {@link ManyChunksTest}; writes a line per figure: its name and its value. */
public final class ManyChunks {
  private static final int PAGE = 4096;
  private static final int IN_FLIGHT = 512;
  private static final int SAMPLE = 2000;
  private static final int KEYS_PER_OBJECT = 1000;

  private ManyChunks() {}

  static ChunkStoreOptions options(final Path device, final int count) {
    return ChunkStoreOptions.builder()
        .device(Device.file(device))
        .size(Math.max(256L << 20, (long) count * (PAGE + PAGE / 4)))
        .createIfMissing(true)
        .build();
  }

  /**
   * Opens the store, does one thing with all its chunks, and says what that cost.
   *
   * @param args the device, the number of chunks, and what to do: create, check, or change
   */
  public static void main(final String[] args) throws IOException {
    ChildJvm.endWithParent();
    final int count = Integer.parseInt(args[1]);
    final long residentBefore = residentBytes();
    long start = System.nanoTime();
    final ChunkStore store = ChunkStore.open(options(Path.of(args[0]), count));
    say("open ms", millisSince(start));
    say("clean", store.stats().wasClean() ? 1 : 0);
    start = System.nanoTime();
    switch (args[2]) {
      case "create" -> create(store, count, residentBefore);
      case "check" -> check(store, count);
      case "change" -> {
        store.write(key(0), 0, page(0));
        say("changed", 1);
        waitForTheEnd();
      }
      default -> throw new IllegalArgumentException(args[2]);
    }
    say(args[2] + " ms", millisSince(start));
    say("native growth bytes", residentBytes() - residentBefore);
    say("problems", store.stats().problems().size());
    start = System.nanoTime();
    store.close();
    say("close ms", millisSince(start));
  }

  private static void create(final ChunkStore store, final int count, final long residentBefore)
      throws IOException {
    // Buffers are used again: direct ones that wait for the collector would be counted.
    final ByteBuffer buffers = ByteBuffer.allocateDirect(IN_FLIGHT * PAGE);
    final ArrayDeque<CompletableFuture<Void>> underWay = new ArrayDeque<>();
    long most = 0;
    for (int i = 0; i < count; i++) {
      if (underWay.size() == IN_FLIGHT) {
        underWay.remove().join();
      }
      final ByteBuffer buffer = buffers.slice(i % IN_FLIGHT * PAGE, PAGE);
      fill(buffer, i);
      store.createAsync(key(i));
      underWay.add(store.writeAsync(key(i), 0, buffer, Durability.ORDERED));
      if (i % 10_000 == 0) {
        most = Math.max(most, residentBytes() - residentBefore);
      }
    }
    underWay.forEach(CompletableFuture::join);
    store.sync();
    say("most native growth bytes", Math.max(most, residentBytes() - residentBefore));
    say("used pages", store.stats().usedBytes() / PAGE);
  }

  private static void check(final ChunkStore store, final int count) {
    final Random random = new Random(1);
    final ByteBuffer target = ByteBuffer.allocate(PAGE);
    for (int i = 0; i < SAMPLE; i++) {
      final int number = random.nextInt(count);
      store.read(key(number), 0, target.clear());
      if (!target.flip().equals(page(number))) {
        throw new AssertionError("chunk " + number + " holds something else");
      }
    }
    final long start = System.nanoTime();
    long listed = 0;
    ChunkKey last = null;
    for (final ChunkIterator all = store.list(""); all.hasNext(); listed++) {
      final ChunkStat stat = all.next();
      if (stat.sizeBytes() != PAGE || last != null && last.compareTo(stat.key()) >= 0) {
        throw new AssertionError(stat + " after " + last);
      }
      last = stat.key();
    }
    say("list ms", millisSince(start));
    say("listed", listed);
    say("used pages", store.stats().usedBytes() / PAGE);
  }

  private static ChunkKey key(final int number) {
    return ChunkKey.of("object-" + number / KEYS_PER_OBJECT, number % KEYS_PER_OBJECT);
  }

  private static ByteBuffer page(final int number) {
    final ByteBuffer page = ByteBuffer.allocate(PAGE);
    fill(page, number);
    return page;
  }

  private static void fill(final ByteBuffer page, final int number) {
    for (int at = 0; at < PAGE; at += Integer.BYTES) {
      page.putInt(at, number * 31 + at);
    }
  }

  private static void waitForTheEnd() {
    while (true) {
      try {
        Thread.sleep(Long.MAX_VALUE);
      } catch (final InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static long millisSince(final long startNanos) {
    return (System.nanoTime() - startNanos) / 1_000_000;
  }

  /** Resident memory; its heap is touched from the beginning, so what is added is native. */
  private static long residentBytes() throws IOException {
    for (final String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
      }
    }
    throw new IOException("no VmRSS");
  }

  private static void say(final String what, final long value) {
    System.out.println(what + "=" + value);
    System.out.flush();
  }
}
