package dev.ashlar.internal.rpc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The reactors as the kernel sees them: threads of this process with a name of ours. */
final class ReactorThreads {
  private static final String NAME = "ashlar-reactor-";
  private static final Path TASKS = Path.of("/proc/self/task");
  private static final long NANOS_PER_SECOND = 1_000_000_000;
  private static final long NANOS_PER_CLOCK_TICK = NANOS_PER_SECOND / 100; // USER_HZ of Linux
  private static final int START_TIME = 19; // of /proc/*/stat, counted from behind the name

  private ReactorThreads() {}

  /**
   * A reactor.
   *
   * @param id of its thread
   * @param busyNanos on a processor
   * @param idleNanos the rest of its life
   */
  record Reactor(long id, long busyNanos, long idleNanos) {}

  /** Those that run now, in the order of their numbers. */
  static List<Reactor> all() {
    final List<Reactor> reactors = new ArrayList<>();
    try (Stream<Path> tasks = Files.list(TASKS)) {
      for (final Path task : tasks.toList()) {
        addIfReactor(task, reactors);
      }
    } catch (final IOException e) {
      throw new UncheckedIOException("reading " + TASKS, e);
    }
    reactors.sort((one, other) -> Long.compare(one.id, other.id));
    return reactors;
  }

  private static void addIfReactor(final Path task, final List<Reactor> into) throws IOException {
    try {
      if (!Files.readString(task.resolve("comm")).startsWith(NAME)) {
        return;
      }
      final String stat = Files.readString(task.resolve("stat"));
      final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      final String uptime = Files.readString(Path.of("/proc/uptime")).split(" ")[0];
      final long busy = Long.parseLong(Files.readString(task.resolve("schedstat")).split(" ")[0]);
      final long life =
          (long) (Double.parseDouble(uptime) * NANOS_PER_SECOND)
              - Long.parseLong(fields[START_TIME]) * NANOS_PER_CLOCK_TICK;
      final long id = Long.parseLong(task.getFileName().toString());
      into.add(new Reactor(id, busy, Math.max(0, life - busy)));
    } catch (final IOException e) {
      if (Files.exists(task)) {
        throw e;
      } // else it has just ended
    }
  }
}
