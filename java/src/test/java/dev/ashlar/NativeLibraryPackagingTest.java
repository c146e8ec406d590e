package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class NativeLibraryPackagingTest {

  private static final String RESOURCE = "/META-INF/native/linux-x86_64/libashlar_jni.so";

  @Test
  void productionLibraryIsAmongTheResourcesOfTheJar() throws IOException {
    try (var in = NativeLibraryPackagingTest.class.getResourceAsStream(RESOURCE)) {
      assertThat(in).as(RESOURCE).isNotNull();
      assertThat(in.readNBytes(4)).as("ELF magic").containsExactly(0x7f, 'E', 'L', 'F');
    }
  }

  @Test
  void productionLibraryTakesTheSystemsRuntimeAndBringsNoRocksDb() throws IOException {
    try (var in = NativeLibraryPackagingTest.class.getResourceAsStream(RESOURCE)) {
      final String text = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
      assertThat(text)
          .contains("libstdc++.so.6")
          .doesNotContain("librocksdb.so", "liburing.so", "libfuse3.so");
    }
  }

  @Test
  void testsRunWithTheTestingLibrary() {
    final Path library = Path.of(System.getProperty("dev.ashlar.library.path"));
    assertThat(library).isRegularFile().hasFileName("libashlar_jni_testing.so");
    assertThatCode(() -> System.load(library.toString())).doesNotThrowAnyException();
  }
}
