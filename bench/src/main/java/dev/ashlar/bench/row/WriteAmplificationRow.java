package dev.ashlar.bench.row;

import dev.ashlar.bench.measure.DeviceWrites;
import dev.ashlar.bench.measure.Effort;
import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.ours.BenchStore;
import dev.ashlar.bench.ours.OurSide;
import dev.ashlar.bench.report.Bound;
import dev.ashlar.bench.report.RowResult;
import dev.ashlar.bench.report.RowSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * P12: bytes that go to the device for a byte that the user writes. Everything of this process
 * counts: data, the blobstore's pages, RocksDB's log, its flushes and compactions. The count ends
 * after the store has been closed, opened and closed again, so that what the first close left in
 * the log has become a table too.
 */
final class WriteAmplificationRow implements Row {

  private static final int LARGE_BYTES = 1 << 20;
  private static final int LARGE_DEPTH = 8;
  private static final int SMALL_DEPTH = 32;
  private static final int SLICES = 3;

  private static final RowSpec LARGE =
      RowSpec.of(
          "P12-1m", "bytes written to the device per byte, writes 1M", "", Bound.atMost(1.05, ""));
  private static final RowSpec SMALL =
      RowSpec.of(
          "P12-4k",
          "bytes written to the device per byte, overwrites 4K, 32 in flight",
          "",
          Bound.atMost(2.2, ""));

  @Override
  public String id() {
    return "P12";
  }

  @Override
  public List<RowSpec> specs() {
    return List.of(LARGE, SMALL);
  }

  @Override
  public List<RowResult> run(final Effort effort, final Path folder) throws Exception {
    return List.of(
        run(LARGE, effort, folder.resolve("large"), LARGE_BYTES, LARGE_DEPTH),
        run(SMALL, effort, folder.resolve("small"), Pages.BYTES, SMALL_DEPTH));
  }

  private static RowResult run(
      final RowSpec spec,
      final Effort effort,
      final Path folder,
      final int blockBytes,
      final int depth)
      throws Exception {
    Files.createDirectory(folder);
    final long before;
    final long userBytes;
    final long dataBytes;
    try (OurSide side = OurSide.manyChunksOnFile(folder, effort.dataPages())) {
      final long dataBefore = side.deviceBytesWritten();
      before = DeviceWrites.bytes();
      userBytes = side.overwriteFor(effort.slice().multipliedBy(SLICES), blockBytes, depth);
      dataBytes = side.deviceBytesWritten() - dataBefore;
    }
    BenchStore.onFile(folder, effort.dataBytes()).close();
    final double perByte = (DeviceWrites.bytes() - before) / (double) userBytes;
    return spec.measured(perByte)
        .withNote(
            "%d MiB written by the user; %.3f a byte without RocksDB, as the store counts it"
                .formatted(userBytes >> 20, dataBytes / (double) userBytes));
  }
}
