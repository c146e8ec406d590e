package dev.ashlar.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where a run took place.
 *
 * @param cpu model
 * @param cores that this process may use
 * @param kernel version
 * @param jdk version
 * @param fileSystem type of the file system measured
 * @param deviceBackend how the store reaches its device file
 */
public record Machine(
    String cpu, int cores, String kernel, String jdk, String fileSystem, String deviceBackend) {

  /**
   * Looks.
   *
   * @param folder on the file system measured
   * @param deviceBackend as the store reports it
   * @return the machine
   * @throws IOException if the file system does not tell its type
   */
  public static Machine probe(final Path folder, final String deviceBackend) throws IOException {
    return new Machine(
        cpuModel(),
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.version"),
        System.getProperty("java.runtime.version"),
        Files.getFileStore(folder).type(),
        deviceBackend);
  }

  private static String cpuModel() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).trim())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    }
  }

  /** The fields in the order of the document. */
  Map<String, String> fields() {
    final Map<String, String> fields = new LinkedHashMap<>();
    fields.put("cpu", cpu);
    fields.put("cores", Integer.toString(cores));
    fields.put("kernel", kernel);
    fields.put("jdk", jdk);
    fields.put("fileSystem", fileSystem);
    fields.put("deviceBackend", deviceBackend);
    return fields;
  }

  /** One line. */
  String text() {
    return fields().entrySet().stream()
        .map(field -> field.getKey() + " " + field.getValue())
        .collect(Collectors.joining(", "));
  }
}
