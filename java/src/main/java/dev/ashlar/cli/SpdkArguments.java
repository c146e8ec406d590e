package dev.ashlar.cli;

import dev.ashlar.SpdkOptions;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** That a command runs on SPDK, and how. The others are refused without the first. */
final class SpdkArguments {

  @Option(
      names = "--spdk",
      required = true,
      description = "Run on SPDK, with --config as its configuration; bdevs are SPDK's then.")
  private boolean asked;

  @Option(
      names = "--spdk-cores",
      paramLabel = "MASK",
      description = "Cores of the reactors: 0x3, [0,2-3]. Default: any")
  private String cores = "";

  @Option(
      names = "--spdk-memory",
      paramLabel = "MIB",
      description = "DMA memory to take at once. Default: as needed; 512 without huge pages")
  private int memoryMib;

  @Option(
      names = "--spdk-no-huge",
      description = "Without huge pages: no NVMe drives, and any user can.")
  private boolean noHuge;

  @Option(
      names = "--spdk-huge-dir",
      paramLabel = "FOLDER",
      description = "The hugetlbfs to take huge pages from. Default: found by itself")
  private @Nullable Path hugeDir;

  @Option(
      names = "--spdk-interrupts",
      negatable = true,
      description =
          "Bdevs that can wake reactors that sleep. Default: before SPDK 25.01, where NVMe is driven"
              + " no otherwise for it")
  private @Nullable Boolean interrupts;

  /** What SPDK is to be started with. */
  SpdkOptions options(final @Nullable Path config) {
    final SpdkOptions.Builder builder =
        SpdkOptions.builder()
            .coreMask(cores)
            .memoryMib(memoryMib)
            .hugePages(!noHuge)
            .hugeDir(hugeDir);
    if (interrupts != null) {
      builder.interrupts(interrupts);
    }
    return (config == null ? builder : builder.configurationFile(config)).build();
  }
}
