package dev.ashlar.internal.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.BadConfigurationException;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.CorruptMetadataException;
import dev.ashlar.Device;
import dev.ashlar.StorageIoException;
import dev.ashlar.StoreBusyException;
import dev.ashlar.StoreExistsException;
import dev.ashlar.internal.metadata.MetadataFolder.Content;
import dev.ashlar.internal.metadata.MetadataOptions.Mode;
import dev.ashlar.internal.rocksdb.RocksLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

class MetadataFolderTest {

  private static final Device DEVICE = Device.file(Path.of("/x/store"));

  @TempDir private Path parent;
  private Path folder;

  @BeforeEach
  void name() {
    folder = parent.resolve("store.meta");
  }

  private RocksMetadataStore open(final Mode mode) {
    return RocksMetadataStore.open(new MetadataOptions(folder, mode, 8 << 20));
  }

  private void fill(final int chunks) {
    MetadataFolder.prepare(folder, false);
    try (var store = open(Mode.CREATE)) {
      final var batch = new MetadataBatch();
      batch.putStore(new StoreRecord(new byte[16], 1, 1 << 20));
      for (int i = 0; i < chunks; i++) {
        batch.putChunk(ChunkKey.of("c", i), 0, 1, 0, 0);
      }
      store.apply(batch, true);
    }
  }

  @Test
  void folderOfANewStoreIsForItsOwnerOnly() throws IOException {
    assertThat(MetadataFolder.look(folder)).isEqualTo(Content.MISSING);
    MetadataFolder.prepare(folder, false);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
        .isEqualTo("rwx------");
    assertThat(MetadataFolder.look(folder)).isEqualTo(Content.EMPTY);
    MetadataFolder.prepare(folder, false);
  }

  @Test
  void folderWithoutParentIsAnError() {
    assertThatThrownBy(() -> MetadataFolder.prepare(parent.resolve("no/folder"), false))
        .isInstanceOf(StorageIoException.class)
        .hasMessageContaining("no/folder");
  }

  @Test
  void metadataWithoutChunksIsReplaced() {
    fill(0);
    assertThat(MetadataFolder.look(folder)).isEqualTo(Content.METADATA);
    fill(1);
    try (var store = open(Mode.OPEN)) {
      assertThat(store.getChunk(ChunkKey.of("c"))).isNotNull();
    }
  }

  @Test
  void metadataWithChunksIsReplacedByForceOnly() {
    fill(1);
    assertThatThrownBy(() -> MetadataFolder.prepare(folder, false))
        .isInstanceOf(StoreExistsException.class)
        .hasMessageContaining(folder.toString());
    try (var store = open(Mode.OPEN)) {
      assertThat(store.getChunk(ChunkKey.of("c"))).isNotNull();
      assertThatThrownBy(() -> MetadataFolder.prepare(folder, true))
          .isInstanceOf(StoreBusyException.class);
      assertThat(store.getChunk(ChunkKey.of("c"))).isNotNull();
    }
    MetadataFolder.prepare(folder, true);
    assertThat(MetadataFolder.look(folder)).isEqualTo(Content.EMPTY);
  }

  @Test
  void foreignFilesAreNeverTouched() throws IOException {
    Files.createDirectory(folder);
    Files.writeString(folder.resolve("thesis.txt"), "x");
    assertThat(MetadataFolder.look(folder)).isEqualTo(Content.FOREIGN);
    assertThatThrownBy(() -> MetadataFolder.prepare(folder, true))
        .isInstanceOf(StoreExistsException.class);
    assertThat(folder.resolve("thesis.txt")).hasContent("x");
    assertThatThrownBy(() -> MetadataFolder.requireMetadata(folder, DEVICE))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("something else");
  }

  @Test
  void fileInPlaceOfTheFolderIsForeign() throws IOException {
    Files.writeString(folder, "x");
    assertThat(MetadataFolder.look(folder)).isEqualTo(Content.FOREIGN);
    assertThatThrownBy(() -> MetadataFolder.prepare(folder, true))
        .isInstanceOf(StoreExistsException.class);
  }

  @Test
  void databaseOfSomebodyElseIsForeign() throws RocksDBException {
    RocksLibrary.load();
    try (Options options = new Options().setCreateIfMissing(true);
        RocksDB db = RocksDB.open(options, folder.toString())) {
      db.createColumnFamily(
              new org.rocksdb.ColumnFamilyDescriptor(new byte[] {'t', 'h', 'e', 'i', 'r', 's'}))
          .close();
    }
    assertThat(MetadataFolder.look(folder)).isEqualTo(Content.FOREIGN);
    assertThatThrownBy(() -> MetadataFolder.prepare(folder, true))
        .isInstanceOf(StoreExistsException.class);
  }

  @Test
  void interruptedCreationIsReplaced() throws IOException, RocksDBException {
    Files.createDirectory(folder);
    Files.writeString(folder.resolve("LOCK"), "");
    Files.writeString(folder.resolve("000001.dbtmp"), "x");
    assertThat(MetadataFolder.look(folder)).isEqualTo(Content.UNFINISHED);
    fill(0);
    MetadataFolder.prepare(folder, true);
    try (Options options = new Options().setCreateIfMissing(true);
        RocksDB db = RocksDB.open(options, folder.toString())) {
      assertThat(db.getLatestSequenceNumber()).isZero();
    }
    assertThat(MetadataFolder.look(folder)).isEqualTo(Content.UNFINISHED);
    assertThatThrownBy(() -> MetadataFolder.requireMetadata(folder, DEVICE))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("no complete metadata");
    fill(1);
    assertThatCode(() -> MetadataFolder.requireMetadata(folder, DEVICE)).doesNotThrowAnyException();
  }

  @Test
  void missingMetadataOfAnExistingStoreIsTold() {
    assertThatThrownBy(() -> MetadataFolder.requireMetadata(folder, DEVICE))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("/x/store")
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("is missing");
    assertThat(folder).doesNotExist();
  }

  @Test
  void metadataOfAnotherStoreIsRefused() {
    final byte[] id = new byte[16];
    id[15] = 1;
    final var store = new StoreRecord(id, 1, 1 << 20);
    assertThatCode(() -> MetadataFolder.checkIdentity("here", store, id.clone()))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> MetadataFolder.checkIdentity("here", store, new byte[16]))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("00000000000000000000000000000001")
        .hasMessageContaining("00000000000000000000000000000000");
    assertThatThrownBy(() -> MetadataFolder.checkIdentity("here", null, id))
        .isInstanceOf(CorruptMetadataException.class);
  }

  @Test
  void blockDeviceNeedsAFolder() {
    final var onDevice = ChunkStoreOptions.builder().device(Device.file(Path.of("/dev/null")));
    assertThatThrownBy(() -> MetadataFolder.resolve(onDevice.build()))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("/dev/null");
    assertThat(MetadataFolder.resolve(onDevice.metadata(folder).build())).isEqualTo(folder);
    assertThat(
            MetadataFolder.resolve(
                ChunkStoreOptions.builder().device(Device.memory(64 << 20)).build()))
        .isNull();
    final var missingFile = Device.file(parent.resolve("store"));
    assertThat(MetadataFolder.resolve(ChunkStoreOptions.builder().device(missingFile).build()))
        .isEqualTo(folder);
  }
}
