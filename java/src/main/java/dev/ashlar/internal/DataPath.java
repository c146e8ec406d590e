package dev.ashlar.internal;

import java.nio.ByteBuffer;

/**
 * Where op slots are executed. There are two: {@link SharedRuntime}, whose reactors are native
 * threads, and a simulated one in the tests.
 */
public interface DataPath {

  /**
   * The slots that this data path executes.
   *
   * @return always the same object
   */
  OpSlots slots();

  /**
   * How many reactors there are.
   *
   * @return at least 1
   */
  int reactors();

  /**
   * Hands a filled slot to a reactor. The slot belongs to the reactor until the owner is told.
   *
   * @param slot acquired from {@link #slots()}
   * @param reactor 0 to reactors - 1
   * @param owner told once, in another thread or in this one
   */
  void submit(int slot, int reactor, SlotOwner owner);

  /**
   * Delivers completions that are there, in the calling thread.
   *
   * @return how many; 0 also if another thread is doing it
   */
  int help();

  /**
   * Announces that the calling thread will call {@link #help} in a loop, so that the completion
   * thread need not be woken meanwhile.
   */
  void startHelping();

  /** Ends what {@link #startHelping} began. */
  void stopHelping();

  /**
   * Runs a callback on the completion thread. Those that one thread posts run in the order of their
   * posts.
   *
   * @param callback not posted already
   */
  void post(Callback callback);

  /**
   * Page-aligned zeroed memory outside the heap.
   *
   * @param bytes at least 1
   * @return a direct buffer
   */
  ByteBuffer allocate(int bytes);

  /**
   * Gives back what {@link #allocate} gave.
   *
   * @param buffer not used any more
   */
  void free(ByteBuffer buffer);

  /**
   * Address of a direct buffer's first byte; the position is not added.
   *
   * @param direct a direct buffer
   * @return its address, valid as long as the buffer is reachable
   */
  long address(ByteBuffer direct);
}
