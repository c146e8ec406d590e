package dev.ashlar.internal.engine;

import dev.ashlar.internal.Pages;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One change of one chunk, from its submission to its commit. Used again and again.
 *
 * <p>Its life, all transitions under the monitor of the chunk: appended to the chunk's queue; its
 * maps are loaded; nothing before it {@link #blockers blocks} it; its data moves; {@link
 * #dataDone}; {@link #released}, when its whole request is, so that what it blocks may start;
 * retired, when everything before it is; unlinked by the commit, or when its request fails.
 */
final class Op {
  private static final int KEPT_PAGES = Pages.SEGMENT_PAGES;
  private static final long[] NO_LOCATIONS = {};
  private static final int[] NO_CRCS = {};

  final WriteTransfer transfer;

  OpKind kind = OpKind.WRITE;
  Chunk chunk; // set when it is put into the queue
  Request request;

  /** Write: of the first byte. Resize: the new size, from where the last page is zeroed. */
  long offset;

  /** Bytes to write. */
  int length;

  // Pages that it writes; none for most resizes.
  long firstPage;
  int pages;
  long[] locations = NO_LOCATIONS;
  int[] crcs = NO_CRCS;

  // Queue of the chunk.
  @Nullable Op older;
  @Nullable Op newer;
  int blockers;
  boolean loaded;
  boolean dataDone;
  boolean released;
  boolean atFront;

  /** Its pages are filled in: fresh ones, or holes where nothing was written. */
  boolean hasFreshPages;

  /** Whoever moves its data before it has a place in a queue; null for most. */
  @Nullable Stage stage;

  /** Its data is on fresh pages already, before it has a place in a queue. */
  boolean staged;

  /** It has had its second try on a full device. */
  boolean retried;

  // What PendingView found.
  long oldLocation;
  int oldCrc;

  /** The next operation of the same request. */
  @Nullable Op nextInRequest;

  /** The next operation to start, in a chain held by one thread. */
  @Nullable Op nextToRun;

  @SuppressWarnings("NullAway.Init")
  Op(final Engine engine) {
    transfer = new WriteTransfer(engine, this);
  }

  void prepare(final OpKind newKind, final long at, final int bytes) {
    kind = newKind;
    offset = at;
    length = bytes;
    firstPage = Pages.pageOf(at);
    pages = bytes == 0 ? 0 : (int) (Pages.pageOf(at + bytes - 1) - firstPage) + 1;
    blockers = 0;
    loaded = false;
    dataDone = false;
    released = false;
    atFront = false;
    hasFreshPages = false;
    retried = false;
    stage = null;
    staged = false;
    nextInRequest = null;
    nextToRun = null;
  }

  /** Makes room for where its pages will be. */
  void reservePages() {
    if (locations.length < pages) {
      locations = new long[pages];
      crcs = new int[pages];
    }
    Arrays.fill(locations, 0, pages, Pages.HOLE);
    hasFreshPages = true;
  }

  /** Lets go of what would keep memory while it waits to be used again. */
  void recycle() {
    if (locations.length > KEPT_PAGES) {
      locations = NO_LOCATIONS;
      crcs = NO_CRCS;
    }
    older = null;
    newer = null;
    nextInRequest = null;
    nextToRun = null;
  }

  long end() {
    return offset + length;
  }

  /** Neither may start, nor count on the other's result, before the other is settled. */
  boolean conflictsWith(final Op other) {
    return kind.isBarrier()
        || other.kind.isBarrier()
        || (firstPage < other.firstPage + other.pages && other.firstPage < firstPage + pages);
  }

  /** Its result is certain, as far as another operation may count on it. */
  boolean isSettledFor(final Op other) {
    return released || (dataDone && request == other.request);
  }

  /** Where one of its pages is; the page is among those it writes. */
  long locationOf(final long page) {
    return locations[(int) (page - firstPage)];
  }

  int crcOf(final long page) {
    return crcs[(int) (page - firstPage)];
  }

  boolean writes(final long page) {
    return page >= firstPage && page - firstPage < pages;
  }

  @Override
  public String toString() {
    return kind
        + " of "
        + chunk.key
        + " at "
        + offset
        + "+"
        + length
        + (pages == 0
            ? ""
            : " to " + Arrays.toString(Arrays.copyOf(locations, Math.min(4, pages))));
  }
}
