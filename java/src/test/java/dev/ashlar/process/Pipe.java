package dev.ashlar.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Takes the lines of a process as they come, so that it never waits for its reader. */
final class Pipe {
  private final List<String> lines = new ArrayList<>();
  private final Thread reader;
  private boolean ended;

  Pipe(final InputStream from) {
    reader = new Thread(() -> read(from), "pipe");
    reader.setDaemon(true);
    reader.start();
  }

  private void read(final InputStream from) {
    try (var in = new BufferedReader(new InputStreamReader(from, StandardCharsets.US_ASCII))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        synchronized (this) {
          lines.add(line);
          notifyAll();
        }
      }
    } catch (final IOException e) {
      // the process was killed
    } finally {
      synchronized (this) {
        ended = true;
        notifyAll();
      }
    }
  }

  /** Waits until there are so many lines, or the process has ended. */
  synchronized void awaitLines(final int count) throws InterruptedException {
    while (lines.size() < count && !ended) {
      wait();
    }
  }

  /** All lines, once the process has ended. */
  List<String> lines() throws InterruptedException {
    reader.join();
    return List.copyOf(lines);
  }
}
