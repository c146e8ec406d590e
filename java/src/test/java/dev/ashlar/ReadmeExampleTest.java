package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeExampleTest {

  private static final Path README = Path.of("../README.md");
  private static final Path SOURCE = Path.of("src/test/java/dev/ashlar/ReadmeExample.java");

  @TempDir private Path folder;

  private static List<String> between(final Path file, final String begin, final String end)
      throws IOException {
    final List<String> lines = Files.readAllLines(file);
    final List<String> stripped = lines.stream().map(String::strip).toList();
    assertThat(stripped).as(file.toString()).containsOnlyOnce(begin);
    final int first = stripped.indexOf(begin) + 1;
    final int last = first + stripped.subList(first, lines.size()).indexOf(end);
    return lines.subList(first, last);
  }

  @Test
  void exampleInTheReadmeIsTheOneThatIsCompiled() throws IOException {
    final List<String> source =
        between(SOURCE, "// README: begin", "// README: end").stream()
            .map(line -> line.isBlank() ? "" : line.substring(4))
            .toList();
    assertThat(between(README, "```java", "```")).isEqualTo(source).hasSizeBetween(15, 20);
  }

  @Test
  void exampleDoesWhatItSays() {
    final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    final PrintStream before = System.out;
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      ReadmeExample.run(folder.resolve("store.ashlar"));
    } finally {
      System.setOut(before);
    }
    assertThat(printed.toString(StandardCharsets.UTF_8).lines())
        .satisfiesExactly(
            first -> assertThat(first).startsWith("hello from ").contains("sizeBytes=5000005"),
            second -> assertThat(second).contains("key=object-42#8", "sizeBytes=5,"));
  }
}
