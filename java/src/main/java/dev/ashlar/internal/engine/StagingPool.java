package dev.ashlar.internal.engine;

import dev.ashlar.internal.DataPath;
import dev.ashlar.internal.Pages;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Staging memory in sizes of 4 KiB to 1 MiB, kept for the next transfer. How much is in use is the
 * business of {@link Budget}; this keeps what is idle within the same limit.
 */
final class StagingPool {
  private static final int CLASSES = 9; // 1, 2, 4, ..., 256 pages

  private final DataPath path;
  private final long limitBytes;
  private final List<ArrayDeque<Staging>> idle = new ArrayList<>();
  private long totalBytes;

  StagingPool(final DataPath path, final long limitBytes) {
    this.path = path;
    this.limitBytes = limitBytes;
    for (int i = 0; i < CLASSES; i++) {
      idle.add(new ArrayDeque<>());
    }
  }

  /** Takes at least that many bytes, at most a segment. */
  synchronized Staging take(final int bytes) {
    final int sizeClass = classOf(bytes);
    final Staging kept = idle.get(sizeClass).pollLast();
    if (kept != null) {
      return kept;
    }
    final int size = Pages.PAGE_BYTES << sizeClass;
    makeRoom(size);
    final var memory = path.allocate(size);
    totalBytes += size;
    return new Staging(memory, path.address(memory), sizeClass);
  }

  synchronized void give(final Staging staging) {
    if (totalBytes > limitBytes) {
      drop(staging);
    } else {
      idle.get(staging.sizeClass()).addLast(staging);
    }
  }

  /** Gives everything back that is idle. */
  synchronized void close() {
    for (final ArrayDeque<Staging> sizeClass : idle) {
      for (Staging one = sizeClass.poll(); one != null; one = sizeClass.poll()) {
        drop(one);
      }
    }
  }

  synchronized long totalBytes() {
    return totalBytes;
  }

  private void makeRoom(final int bytes) {
    for (int i = CLASSES - 1; i >= 0; i--) {
      while (totalBytes + bytes > limitBytes) {
        final Staging one = idle.get(i).pollLast();
        if (one == null) {
          break;
        }
        drop(one);
      }
    }
  }

  private void drop(final Staging staging) {
    totalBytes -= Pages.PAGE_BYTES << staging.sizeClass();
    path.free(staging.memory());
  }

  /** Bytes of the smallest size that has a number of pages. */
  static int sizeFor(final int pages) {
    return Pages.PAGE_BYTES << classOf(pages * Pages.PAGE_BYTES);
  }

  private static int classOf(final int bytes) {
    final int pages = (bytes + Pages.PAGE_BYTES - 1) / Pages.PAGE_BYTES;
    return pages <= 1 ? 0 : Integer.SIZE - Integer.numberOfLeadingZeros(pages - 1);
  }
}
