package dev.ashlar.bench.measure;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Heap bytes that all threads have allocated. */
public final class HeapMeter {

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Makes a meter and sees to it that the virtual machine counts. */
  public HeapMeter() {
    threads.setThreadAllocatedMemoryEnabled(true);
  }

  /**
   * Measures what an action allocates, in whatever threads.
   *
   * @param action returns how many operations it did
   * @return bytes an operation; the meter's own allocations are taken off
   * @throws Exception the action's
   */
  public double bytesPerOperation(final Action action) throws Exception {
    final long before = allocated();
    final long own = allocated() - before;
    final long start = allocated();
    final long operations = action.run();
    final long bytes = allocated() - start - own;
    return Math.max(0, bytes) / (double) operations;
  }

  /** Something that does operations. */
  @FunctionalInterface
  public interface Action {
    /**
     * Does them.
     *
     * @return how many, more than 0
     * @throws Exception if one failed
     */
    long run() throws Exception;
  }

  private long allocated() {
    long sum = 0;
    for (final long bytes : threads.getThreadAllocatedBytes(threads.getAllThreadIds())) {
      sum += Math.max(0, bytes); // -1: the thread has ended
    }
    return sum;
  }
}
