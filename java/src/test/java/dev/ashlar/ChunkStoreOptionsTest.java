package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkStoreOptionsTest {

  private static final Device FILE = Device.file(Path.of("/x/s.ashlar"));
  private static final Device MEMORY = Device.memory(64 << 20);

  private static ChunkStoreOptions.Builder builder() {
    return ChunkStoreOptions.builder().device(FILE);
  }

  @Test
  void onlyTheDeviceMustBeGiven() {
    final ChunkStoreOptions options = builder().build();
    assertThat(options.device()).isEqualTo(FILE);
    assertThat(options.durability()).isEqualTo(Durability.DURABLE);
    assertThat(options.memoryBudgetBytes()).isEqualTo(256L << 20);
    assertThat(options.clusterBytes()).as("by the size of the device").isZero();
    assertThat(options.orderedDelay()).isEqualTo(Duration.ofMillis(10));
    assertThat(options.useIoUring()).isTrue();
    assertThat(options.directIo()).isTrue();
    assertThat(options.createIfMissing()).isFalse();
    assertThat(options.readOnly()).isFalse();
    assertThat(options.callbackExecutor()).isNull();
    assertThat(options.runtime()).isEqualTo(RuntimeOptions.defaults());
    assertThatThrownBy(() -> ChunkStoreOptions.builder().build())
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("device");
  }

  @Test
  void metadataIsOnTheDeviceUnlessAFolderOrAnotherDeviceIsGiven() {
    assertThat(builder().build().metadata()).isNull();
    assertThat(builder().build().metadataDevice()).isNull();
    final Device other = Device.file(Path.of("/y"));
    final ChunkStoreOptions.Builder given = builder().metadataDevice(other);
    assertThat(given.build().metadataDevice()).isEqualTo(other);
    assertThat(given.build().toBuilder().build().metadataDevice()).isEqualTo(other);
    assertThat(given.metadata(Path.of("/z")).build().metadata()).isEqualTo(Path.of("/z"));
    assertThat(given.build().metadataDevice()).as("one of the two").isNull();
    assertThat(given.metadataDevice(other).build().metadata()).isNull();
  }

  @Test
  void builtOptionsDoNotChangeWithTheirBuilder() {
    final ChunkStoreOptions.Builder builder = builder().size(32 << 20).createIfMissing(true);
    final ChunkStoreOptions options = builder.build();
    builder.size(64 << 20).createIfMissing(false);
    assertThat(options.sizeBytes()).isEqualTo(32 << 20);
    assertThat(options.createIfMissing()).isTrue();
    final ChunkStoreOptions copy = options.toBuilder().clusterBytes(1 << 16).build();
    assertThat(copy.sizeBytes()).isEqualTo(32 << 20);
    assertThat(copy.clusterBytes()).isEqualTo(1 << 16);
    assertThat(options.clusterBytes()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 0, 1, (64L << 20) - 1, (1L << 40) + 1})
  void memoryBudgetOutOfRangeIsRefused(final long bytes) {
    assertThatThrownBy(() -> builder().memoryBudget(bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("memoryBudget is " + bytes);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 1, 32 << 10, 3 << 20, (1 << 20) + 1, Integer.MAX_VALUE})
  void clusterSizeOutOfRangeOrNoPowerOfTwoIsRefused(final int bytes) {
    assertThatThrownBy(() -> builder().clusterBytes(bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("clusterBytes is " + bytes);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 0, 4096, (16 << 20) + 1})
  void fileSizeOutOfRangeIsRefused(final long bytes) {
    assertThatThrownBy(() -> builder().size(bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("size is " + bytes);
  }

  @Test
  void durationsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> builder().orderedDelay(Duration.ofNanos(-1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("orderedDelay is PT-0.000000001S");
    assertThatThrownBy(() -> builder().orderedDelay(Duration.ofSeconds(61)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> RuntimeOptions.builder().spin(Duration.ofSeconds(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("spin is PT2S");
  }

  @Test
  void reactorsOutOfRangeAreRefused() {
    assertThat(RuntimeOptions.builder().reactors(64).build().reactors()).isEqualTo(64);
    for (final int count : new int[] {-1, 65}) {
      assertThatThrownBy(() -> RuntimeOptions.builder().reactors(count))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("reactors is " + count + ", must be from 0 to 64");
    }
  }

  @Test
  void nullIsRefusedByName() {
    assertThatThrownBy(() -> builder().device(null)).hasMessage("device is null");
    assertThatThrownBy(() -> builder().metadata(null)).hasMessage("metadata is null");
    assertThatThrownBy(() -> builder().metadataDevice(null)).hasMessage("metadataDevice is null");
    assertThatThrownBy(() -> builder().durability(null)).hasMessage("durability is null");
    assertThatThrownBy(() -> builder().orderedDelay(null)).hasMessage("orderedDelay is null");
    assertThatThrownBy(() -> builder().runtime(null)).hasMessage("runtime is null");
    assertThatThrownBy(() -> RuntimeOptions.builder().idlePolicy(null))
        .hasMessage("idlePolicy is null");
    assertThatThrownBy(() -> RuntimeOptions.builder().spin(null)).hasMessage("spin is null");
  }

  @Test
  void contradictionsAreRefused() {
    final var memory = ChunkStoreOptions.builder().device(MEMORY);
    assertRefused(ChunkStoreOptions.builder().device(MEMORY).size(32 << 20), "size");
    assertRefused(ChunkStoreOptions.builder().device(MEMORY).metadata(Path.of("m")), "metadata");
    assertRefused(ChunkStoreOptions.builder().device(MEMORY).metadataDevice(FILE), "metadata");
    assertRefused(builder().metadataDevice(MEMORY), "metadata");
    assertRefused(memory.readOnly(true), "readOnly");
    assertRefused(builder().readOnly(true).createIfMissing(true), "createIfMissing");
    assertRefused(builder().errorIfExists(true), "errorIfExists");
  }

  private static void assertRefused(final ChunkStoreOptions.Builder builder, final String named) {
    assertThatThrownBy(builder::build)
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining(named);
  }

  @Test
  void runtimeOptionsAreValues() {
    final RuntimeOptions one = RuntimeOptions.builder().reactors(2).build();
    assertThat(one).isEqualTo(RuntimeOptions.builder().reactors(2).build());
    assertThat(one).isNotEqualTo(RuntimeOptions.defaults());
    assertThat(one).hasSameHashCodeAs(RuntimeOptions.builder().reactors(2).build());
    assertThat(one).isNotEqualTo(RuntimeOptions.builder().idlePolicy(IdlePolicy.BUSY).build());
  }
}
