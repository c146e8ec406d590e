package dev.ashlar.internal.engine;

import dev.ashlar.internal.Pages;

/**
 * The state of a chunk as the operations before some operation leave it: what is published, and
 * over it the operations in the queue, the newest first. All under the monitor of the chunk, and
 * only for facts that the earlier operations have settled.
 */
final class PendingView {

  private PendingView() {}

  /** Whether there is a chunk. */
  static boolean exists(final Op op) {
    for (Op earlier = op.older; earlier != null; earlier = earlier.older) {
      if (earlier.kind.isBarrier()) {
        return earlier.kind != OpKind.REMOVE;
      }
    }
    return op.chunk.exists;
  }

  /** How large the chunk is, if there is one. */
  static long size(final Op op) {
    long end = 0;
    for (Op earlier = op.older; earlier != null; earlier = earlier.older) {
      switch (earlier.kind) {
        case WRITE -> end = earlier.length == 0 ? end : Math.max(end, earlier.end());
        case RESIZE -> {
          return Math.max(end, earlier.offset);
        }
        default -> {
          return end;
        }
      }
    }
    return Math.max(end, op.chunk.sizeBytes);
  }

  /** Where a page is; the answer goes to {@code op.oldLocation} and {@code op.oldCrc}. */
  static void findPage(final Op op, final long page) {
    for (Op earlier = op.older; earlier != null; earlier = earlier.older) {
      if (earlier.hasFreshPages && earlier.writes(page)) {
        op.oldLocation = earlier.locationOf(page);
        op.oldCrc = earlier.crcOf(page);
        return;
      }
      if (earlier.kind == OpKind.CREATE
          || earlier.kind == OpKind.REMOVE
          || (earlier.kind == OpKind.RESIZE && page >= Pages.pagesOf(earlier.offset))) {
        op.oldLocation = Pages.HOLE;
        return;
      }
    }
    final CachedSegment segment = op.chunk.segments.get(page / Pages.SEGMENT_PAGES);
    final int inSegment = (int) (page % Pages.SEGMENT_PAGES);
    op.oldLocation = segment == null ? Pages.HOLE : segment.location(inSegment);
    op.oldCrc = segment == null ? 0 : segment.crc(inSegment);
  }
}
