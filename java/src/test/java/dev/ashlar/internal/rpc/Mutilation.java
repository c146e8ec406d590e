package dev.ashlar.internal.rpc;

import java.io.ByteArrayOutputStream;
import java.util.SplittableRandom;

/** Damages bytes. */
final class Mutilation {

  private Mutilation() {}

  /** The bytes, of which one in so many is changed, as many are left out, and as many doubled. */
  static byte[] of(final byte[] bytes, final int oneIn, final SplittableRandom random) {
    final ByteArrayOutputStream changed = new ByteArrayOutputStream();
    for (final byte next : bytes) {
      switch (random.nextInt(oneIn)) {
        case 0 -> changed.write(random.nextInt(256));
        case 1 -> {}
        case 2 -> {
          changed.write(next);
          changed.write(next);
        }
        default -> changed.write(next);
      }
    }
    return changed.toByteArray();
  }
}
