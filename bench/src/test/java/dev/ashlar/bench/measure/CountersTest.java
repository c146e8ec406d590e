package dev.ashlar.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CountersTest {

  private static volatile Object sink;

  @Test
  void cpuTimeGrowsWithWorkInAnyThread() throws Exception {
    final CpuTimes before = CpuTimes.now();
    final Duration busy = Duration.ofMillis(200);
    final long end = System.nanoTime() + 2 * busy.toNanos();
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(CpuTimes.now().nanosSince(before)).isGreaterThan(busy.toNanos() / 2);
  }

  @Test
  void writtenBytesAreCounted(@TempDir final Path folder) throws Exception {
    final long before = DeviceWrites.bytes();
    Files.write(folder.resolve("f"), new byte[1 << 20]);
    final long written = DeviceWrites.bytes() - before;
    // A file system in memory has no device to write to.
    final boolean memory = Files.getFileStore(folder).type().equals("tmpfs");
    assertThat(written).isGreaterThanOrEqualTo(memory ? 0 : 1 << 20);
  }

  @Test
  void heapOfAnOperationIsCountedAndTheMeterIsNot() throws Exception {
    final HeapMeter meter = new HeapMeter();
    final int operations = 10_000;
    final double bytes =
        meter.bytesPerOperation(
            () -> {
              for (int i = 0; i < operations; i++) {
                sink = new byte[1000];
              }
              return operations;
            });
    assertThat(bytes).isBetween(1000.0, 1100.0);
    assertThat(meter.bytesPerOperation(() -> operations)).isLessThan(1);
  }

  @Test
  void latencyMedianIsInTheMiddle() {
    final LatencyHistogram histogram = new LatencyHistogram();
    histogram.add(1_000);
    histogram.add(50_000);
    histogram.add(1_000_000_000);
    assertThat(histogram.medianNanos()).isBetween(50_000.0, 50_100.0);
  }
}
