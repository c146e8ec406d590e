package dev.ashlar.internal;

/** A BlobFS that is shown in a folder of the host. */
public interface Mount {

  /**
   * What is mounted where, for people.
   *
   * @return one line
   */
  String greeting();

  /** Asks it to unmount, as soon as nothing in the folder is open. */
  void askToEnd();

  /**
   * Whether it serves the folder.
   *
   * @return true until it has ended
   */
  boolean isAlive();

  /**
   * Waits until it has ended. An interrupt does not end the waiting.
   *
   * @throws RuntimeException if something could not be made durable, or serving failed
   */
  void await();
}
