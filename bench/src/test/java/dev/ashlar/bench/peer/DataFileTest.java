package dev.ashlar.bench.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.bench.peer.FioJob.Region;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFileTest {

  @Test
  void laidOutFileHasItsPages(@TempDir final Path folder) throws Exception {
    final Path file = folder.resolve("f");
    DataFile.layOut(file, 2 << 20);
    assertThat(Files.size(file)).isEqualTo(2 << 20);
    try (PageCacheReads reads = new PageCacheReads(file)) {
      assertThat(reads).isNotNull(); // opening has read and checked every page
    }
  }

  @Test
  void longestStretchEndsAtALargeGap() {
    final RegionFinder finder = new RegionFinder(100);
    finder.add(0, 10);
    finder.add(200, 10);
    finder.add(250, 10); // a gap of 40 does not end it
    finder.add(1000, 10);
    assertThat(finder.longest()).isEqualTo(new Region(200, 60));
  }
}
