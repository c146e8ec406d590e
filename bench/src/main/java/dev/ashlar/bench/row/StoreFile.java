package dev.ashlar.bench.row;

import dev.ashlar.bench.measure.Effort;
import dev.ashlar.bench.ours.BenchStore;
import dev.ashlar.bench.peer.DataFile;
import dev.ashlar.bench.peer.FioJob;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Lets fio read the pages that the open store has written, from the store's own file: same blocks,
 * same file system, same moment. Only reads; the store stays as it is.
 */
final class StoreFile {

  private StoreFile() {}

  static FioJob randomReads(
      final Path folder, final Effort effort, final int blockBytes, final int depth)
      throws IOException {
    final Path file = BenchStore.file(folder);
    final FioJob.Region region = DataFile.writtenRegion(file);
    if (region.sizeBytes() < effort.dataBytes() / 2) {
      throw new IllegalStateException(
          "only " + region.sizeBytes() + " bytes of the store file hold data in one stretch");
    }
    return FioJob.randomReads(file, blockBytes, depth, region);
  }

  static String note(final FioJob job) {
    return "fio reads %d MiB of the store's own file, from offset %d MiB"
        .formatted(job.region().sizeBytes() >> 20, job.region().offsetBytes() >> 20);
  }
}
