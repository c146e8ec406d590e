package dev.ashlar.process;

import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import dev.ashlar.testing.RandomChange;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The process that is killed: opens a store and changes it until the end. Before each change, and
 * after each acknowledgement, it writes a line to its standard output, which is a file that
 * outlives it.
 */
public final class Victim {
  static final long DEVICE_BYTES = 256L << 20;
  static final int MAX_BYTES = 300_000;
  static final int CHANGES_BETWEEN_SYNCS = 40;

  // Not System.out: a line is one write.
  private static final OutputStream OUTPUT = new FileOutputStream(FileDescriptor.out);

  private Victim() {}

  static ChunkStoreOptions options(final Path device) {
    return ChunkStoreOptions.builder()
        .device(Device.file(device))
        .size(DEVICE_BYTES)
        .createIfMissing(true)
        .memoryBudget(ChunkStoreOptions.MIN_MEMORY_BUDGET_BYTES)
        .build();
  }

  /**
   * Never returns of its own accord.
   *
   * @param args the device, the seed, and per thread the changes that survived each life so far
   */
  public static void main(final String[] args) {
    ChildJvm.endWithParent();
    final long seed = Long.parseLong(args[1]);
    final int threads = args.length - 2;
    final Script[] scripts = new Script[threads];
    for (int i = 0; i < threads; i++) {
      scripts[i] = new Script(seed, i, MAX_BYTES);
      for (final String survived : args[2 + i].split(",")) {
        if (!survived.isEmpty()) {
          scripts[i].survive(Integer.parseInt(survived));
        }
      }
    }
    final ChunkStore store = ChunkStore.open(options(Path.of(args[0])));
    tell(Report.OPEN, 0, 0);
    for (int i = 0; i < threads; i++) {
      final int thread = i;
      new Thread(() -> run(store, thread, scripts[thread].changes())).start();
    }
  }

  private static void run(final ChunkStore store, final int thread, final Script.Changes changes) {
    try {
      for (int number = 1; ; number++) {
        final RandomChange change = changes.next();
        tell(Report.ASKED, thread, number);
        change.apply(store);
        tell(change.isDurable() ? Report.DURABLE : Report.ORDERED, thread, number);
        if (number % CHANGES_BETWEEN_SYNCS == 0) {
          store.sync();
          tell(Report.DURABLE, thread, number);
        }
      }
    } catch (final RuntimeException | Error e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  private static void tell(final char what, final int thread, final int number) {
    final String line = what + " " + thread + " " + number + "\n";
    try {
      OUTPUT.write(line.getBytes(StandardCharsets.US_ASCII));
    } catch (final IOException e) {
      Runtime.getRuntime().halt(2);
    }
  }
}
