package dev.ashlar.cli;

import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import dev.ashlar.cli.SourceFiles.SourceFile;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "quickstart",
    description = {
      "Stores the files of a folder as chunks, opens the store again, reads every chunk back and"
          + " compares it, removes half and checks that their space comes back."
    },
    mixinStandardHelpOptions = true)
final class QuickstartCommand implements Callable<Integer> {

  /** Space for metadata and for what the reactors have taken in advance. */
  private static final long SPARE_BYTES = 1L << 30;

  private static final long UNIT_BYTES = 1L << 20;

  private final Io io;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "FOLDER",
      description = "Whose files are stored. Default: the home of the JDK that runs this.")
  private @Nullable Path folder;

  @Option(
      names = "--store",
      paramLabel = "FILE",
      description = "Make the store here and keep it. Default: in the temporary folder.")
  private @Nullable Path storeFile;

  @Option(names = "--json", description = "Print a JSON object.")
  private boolean json;

  QuickstartCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws IOException {
    final Path source = folder == null ? Path.of(System.getProperty("java.home")) : folder;
    final List<SourceFile> files = SourceFiles.of(source);
    if (files.isEmpty()) {
      throw new CliException("there is no file in " + source);
    }
    if (storeFile != null) {
      return run(source, files, storeFile);
    }
    final Path temporary = Files.createTempDirectory("ashlar-quickstart-");
    final Cleanup cleanup = new Cleanup(() -> delete(temporary));
    try {
      return run(source, files, temporary.resolve("store.ashlar"));
    } finally {
      cleanup.run();
    }
  }

  private int run(final Path source, final List<SourceFile> files, final Path store)
      throws IOException {
    final long bytes = files.stream().mapToLong(file -> file.sizeBytes() + (4 << 10)).sum();
    checkRoom(store, bytes);
    final ChunkStoreOptions options =
        ChunkStoreOptions.builder()
            .device(Device.file(store))
            .size((bytes + bytes / 4 + SPARE_BYTES) / UNIT_BYTES * UNIT_BYTES)
            .createIfMissing(true)
            .errorIfExists(true)
            .build();
    final QuickstartReport report = new QuickstartReport(source, store);
    new Quickstart(io, files, options, report).run();
    if (json) {
      report.printJson(io.out());
    } else {
      report.print(io.out());
    }
    return report.allWell() ? Main.EXIT_OK : Main.EXIT_FAILED;
  }

  private static void checkRoom(final Path store, final long bytes) throws IOException {
    final Path parent = store.toAbsolutePath().getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw new CliException("there is no folder " + parent);
    }
    final long usable = Files.getFileStore(parent).getUsableSpace();
    if (usable < bytes + bytes / 8) {
      throw new CliException(
          "the files need "
              + ByteSize.format(bytes)
              + ", "
              + parent
              + " has "
              + ByteSize.format(usable)
              + "; name another place with --store");
    }
  }

  private static void delete(final Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(final Path file, final BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(
              final Path visited, final @Nullable IOException error) throws IOException {
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
