package dev.ashlar.internal.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The cached segments of a chunk by their numbers: a sparse tree of 64-way nodes, as high as the
 * largest number needs. A chunk whose only segment is number 0 has no node at all.
 *
 * <p>Reading takes no lock; whoever changes it holds the lock of the chunk.
 */
final class SegmentTable {
  private static final VarHandle CHILD = MethodHandles.arrayElementVarHandle(Object[].class);
  private static final int BITS = 6;
  private static final int WIDTH = 1 << BITS;

  private static final class Node {
    final int shift;
    final @Nullable Object[] children = new Object[WIDTH];
    int used;

    Node(final int shift) {
      this.shift = shift;
    }

    boolean covers(final long number) {
      return number >>> shift < WIDTH;
    }
  }

  /** Null, the segment of number 0, or a node. */
  private volatile @Nullable Object root;

  private int size;

  @Nullable CachedSegment get(final long number) {
    Object at = root;
    if (at instanceof CachedSegment segment) {
      return number == 0 ? segment : null;
    }
    if (!(at instanceof Node top) || !top.covers(number)) {
      return null;
    }
    while (at instanceof Node node) {
      at = CHILD.getAcquire(node.children, childIndex(node, number));
    }
    return (CachedSegment) at;
  }

  int size() {
    return size;
  }

  /** Puts a segment where there is none. */
  void put(final long number, final CachedSegment segment) {
    size++;
    if (number == 0 && root == null) {
      root = segment;
      return;
    }
    Node node = grow(number);
    while (node.shift > 0) {
      final int index = childIndex(node, number);
      Node child = (Node) node.children[index];
      if (child == null) {
        child = new Node(node.shift - BITS);
        set(node, index, child);
      }
      node = child;
    }
    set(node, childIndex(node, number), segment);
  }

  void remove(final long number) {
    final Object at = root;
    if (at instanceof CachedSegment) {
      if (number == 0) {
        root = null;
        size--;
      }
    } else if (at instanceof Node top && top.covers(number)) {
      removeBelow(top, number);
      if (top.used == 0) {
        root = null;
      }
    }
  }

  /**
   * Calls for each segment from a number on, in order. The table may lose the one it is called for.
   */
  void forEachFrom(final long from, final Consumer<CachedSegment> action) {
    final Object at = root;
    if (at instanceof CachedSegment segment) {
      if (from == 0) {
        action.accept(segment);
      }
    } else if (at instanceof Node top && top.covers(from)) {
      visit(top, from, action);
    }
  }

  private Node grow(final long number) {
    Object at = root;
    if (!(at instanceof Node)) {
      final Node leaf = new Node(0);
      if (at != null) {
        set(leaf, 0, at);
      }
      root = leaf;
      at = leaf;
    }
    Node top = (Node) at;
    while (!top.covers(number)) {
      final Node above = new Node(top.shift + BITS);
      set(above, 0, top);
      root = above;
      top = above;
    }
    return top;
  }

  private void removeBelow(final Node node, final long number) {
    final int index = childIndex(node, number);
    final Object child = node.children[index];
    if (child instanceof Node below) {
      removeBelow(below, number);
      if (below.used == 0) {
        set(node, index, null);
      }
    } else if (child != null) {
      set(node, index, null);
      size--;
    }
  }

  private static void visit(
      final Node node, final long from, final Consumer<CachedSegment> action) {
    final int first = (int) (from >>> node.shift);
    for (int index = first; index < WIDTH; index++) {
      final Object child = node.children[index];
      if (child instanceof Node below) {
        final long inside = index == first ? from & ((1L << node.shift) - 1) : 0;
        visit(below, inside, action);
      } else if (child != null) {
        action.accept((CachedSegment) child);
      }
    }
  }

  private static void set(final Node node, final int index, final @Nullable Object child) {
    node.used += (child == null ? 0 : 1) - (node.children[index] == null ? 0 : 1);
    CHILD.setRelease(node.children, index, child);
  }

  private static int childIndex(final Node node, final long number) {
    return (int) (number >>> node.shift) & (WIDTH - 1);
  }
}
