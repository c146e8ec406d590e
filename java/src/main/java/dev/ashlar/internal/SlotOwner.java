package dev.ashlar.internal;

/** Whoever submitted an op slot. */
public interface SlotOwner {

  /**
   * The slot's operation has completed; its result is in the slot, which belongs to the owner
   * again. Runs on the completion thread or on a thread that waits for some other operation: it
   * must neither block nor call code of the store's user.
   *
   * @param slot the number of the slot
   */
  void slotDone(int slot);
}
