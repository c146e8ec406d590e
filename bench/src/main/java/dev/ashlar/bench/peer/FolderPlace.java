package dev.ashlar.bench.peer;

import dev.ashlar.bench.measure.Workspace;
import java.nio.file.Path;
import java.util.List;

/**
 * A folder of the host.
 *
 * @param parent where the folder is made for each run
 */
public record FolderPlace(Path parent) implements DbBenchPlace {

  @Override
  public List<DbBenchResult> run(final DbBenchJob job) throws Exception {
    try (Workspace database = Workspace.in(parent)) {
      return DbBench.inFolder(database.folder(), job);
    }
  }
}
