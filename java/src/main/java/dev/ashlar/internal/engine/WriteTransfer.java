package dev.ashlar.internal.engine;

import dev.ashlar.internal.OpSlots;
import dev.ashlar.internal.Pages;
import org.jspecify.annotations.Nullable;

/**
 * Moves the data of one operation to fresh pages, merged with the old content of its edge pages.
 */
final class WriteTransfer extends Transfer {
  private final Op op;
  private final OpSlots slots;

  // Old content of the first and the last page, where it is covered only in part.
  private long headLocation;
  private int headCrc;
  private long tailLocation;
  private int tailCrc;

  WriteTransfer(final Engine engine, final Op op) {
    super(engine);
    this.op = op;
    this.slots = engine.path().slots();
  }

  /** Forgets the old content: holes, or pages that are covered entirely. */
  void noOldContent() {
    headLocation = Pages.HOLE;
    tailLocation = Pages.HOLE;
  }

  void oldHead(final long location, final int crc) {
    headLocation = location;
    headCrc = crc;
  }

  void oldTail(final long location, final int crc) {
    tailLocation = location;
    tailCrc = crc;
  }

  /** Starts to move the bytes; the old content has been named. */
  void begin() {
    op.reservePages();
    start(op.offset, op.end());
  }

  @Override
  boolean isWrite() {
    return true;
  }

  @Override
  int reactorFor(final long from) {
    return engine.reactorFor(op.chunk.key, Pages.segmentOf(from));
  }

  @Override
  void fill(final int slot, final long from, final int length, final long partAddress) {
    final long firstPage = Pages.pageOf(from);
    final long lastPage = Pages.pageOf(from + length - 1);
    final int pages = (int) (lastPage - firstPage) + 1;
    slots.write(slot, engine.device().handle(), partAddress, Pages.inPage(from), length, pages);
    final long lastOfOp = op.firstPage + op.pages - 1;
    if (firstPage == op.firstPage) {
      slots.oldHead(slot, headLocation, headCrc);
    } else if (firstPage == lastOfOp) {
      slots.oldHead(slot, tailLocation, tailCrc);
    }
    if (pages > 1 && lastPage == lastOfOp) {
      slots.oldTail(slot, tailLocation, tailCrc);
    }
  }

  @Override
  void partDone(final int slot, final long from, final int length) {
    final int at = (int) (Pages.pageOf(from) - op.firstPage);
    final int pages = (int) (Pages.pageOf(from + length - 1) - Pages.pageOf(from)) + 1;
    slots.getPages(slot, op.locations, op.crcs, at, pages);
    engine.committer().dataWritten();
  }

  @Override
  RuntimeException partFailed(final int slot, final long from) {
    return Errors.ofSlot(slots, slot, "write", op.chunk.key, Pages.pageOf(from));
  }

  @Override
  void allDone(final @Nullable RuntimeException firstError) {
    final Stage stage = op.stage;
    if (stage == null) {
      engine.scheduler().dataMoved(op, firstError);
    } else {
      stage.dataMoved(op, firstError);
    }
  }
}
