package dev.ashlar;

/** An error as the rpc socket tells it: a number and a sentence. */
public class RpcException extends RuntimeException {

  /** There is no such method. */
  public static final int METHOD_NOT_FOUND = -32601;

  /** A parameter is missing, unknown, or not what it must be. */
  public static final int INVALID_PARAMETERS = -32602;

  /** Something went wrong that the caller cannot know about. */
  public static final int INTERNAL_ERROR = -32603;

  private static final long serialVersionUID = 1L;

  private final int code;

  /**
   * Makes the exception.
   *
   * @param code a constant of this class, the negative of an errno, or one of your own
   * @param message what is wrong
   */
  public RpcException(final int code, final String message) {
    super(message);
    this.code = code;
  }

  /**
   * The number that tells the cause.
   *
   * @return the code
   */
  public int code() {
    return code;
  }
}
