package dev.ashlar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.internal.rocksdb.RocksLibrary;
import dev.ashlar.testing.Eventually;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.BackupEngine;
import org.rocksdb.BackupEngineOptions;
import org.rocksdb.Checkpoint;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.Env;
import org.rocksdb.FlushOptions;
import org.rocksdb.Options;
import org.rocksdb.RestoreOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Transaction;
import org.rocksdb.TransactionDB;
import org.rocksdb.TransactionDBOptions;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/** An unmodified RocksDB keeps its files in a BlobFS. */
class RocksDbOnBlobFsTest {

  static final long SIZE = 256L << 20;
  private static final int KEYS = 5000;

  @TempDir Path folder;

  @BeforeAll
  static void loadRocksDb() {
    RocksLibrary.load();
  }

  /** The same device each time. */
  BlobFs file() {
    return BlobFs.open(
        BlobFsOptions.builder()
            .device(Device.file(folder.resolve("device")))
            .size(SIZE)
            .createIfMissing(true)
            .build());
  }

  private BlobFs memory() {
    return fresh(SIZE);
  }

  /** An empty device. */
  BlobFs fresh(final long bytes) {
    return BlobFs.open(BlobFsOptions.builder().device(Device.memory(bytes)).build());
  }

  private static Options options(final BlobFs fs) {
    return new Options()
        .setCreateIfMissing(true)
        .setEnv(fs.rocksEnv())
        .setWriteBufferSize(256 << 10)
        .setTargetFileSizeBase(256 << 10);
  }

  private static byte[] key(final int number) {
    return String.format("key-%08d", number).getBytes(UTF_8);
  }

  private static byte[] value(final int number, final int round) {
    return ("value of " + number + " in round " + round + " ").repeat(8).getBytes(UTF_8);
  }

  private static void fill(final RocksDB db, final int round) throws RocksDBException {
    for (int i = 0; i < KEYS; i++) {
      db.put(key(i), value(i, round));
    }
  }

  private static void check(final RocksDB db, final int round) throws RocksDBException {
    int count = 0;
    try (RocksIterator all = db.newIterator()) {
      for (all.seekToFirst(); all.isValid(); all.next()) {
        assertThat(all.key()).isEqualTo(key(count));
        assertThat(all.value()).isEqualTo(value(count, round));
        count++;
      }
      all.status();
    }
    assertThat(count).isEqualTo(KEYS);
    assertThat(db.get(key(17))).isEqualTo(value(17, round));
    assertThat(db.multiGetAsList(List.of(key(1), key(4000), key(2500))))
        .containsExactly(value(1, round), value(4000, round), value(2500, round));
  }

  // --- what databases do -------------------------------------------------------------------------

  @Test
  void putGetFlushCompactReopen() throws RocksDBException {
    for (final boolean close : new boolean[] {false, true}) {
      BlobFs fs = file();
      try (Options options = options(fs)) {
        for (int round = 0; round < 3; round++) {
          try (RocksDB db = RocksDB.open(options, "/db")) {
            fill(db, round);
            check(db, round);
            try (FlushOptions flush = new FlushOptions()) {
              db.flush(flush);
            }
            db.compactRange();
            check(db, round);
            db.verifyChecksum();
          }
          try (RocksDB db = RocksDB.openReadOnly(options, "/db")) {
            check(db, round);
          }
        }
      }
      assertThat(fs.list("/db/")).contains("/db/CURRENT", "/db/LOG", "/db/LOCK");
      fs.close();
      if (close) {
        fs = file();
        try (Options options = options(fs);
            RocksDB db = RocksDB.open(options, "/db")) {
          check(db, 2);
        }
        fs.close();
      }
    }
    assertThat(Path.of("/db")).as("nothing went to the host").doesNotExist();
  }

  @Test
  void columnFamiliesAndBatches() throws RocksDBException {
    try (BlobFs fs = memory();
        DBOptions options =
            new DBOptions()
                .setEnv(fs.rocksEnv())
                .setCreateIfMissing(true)
                .setCreateMissingColumnFamilies(true);
        WriteOptions sync = new WriteOptions().setSync(true)) {
      final var descriptors =
          List.of(
              new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY),
              new ColumnFamilyDescriptor("second".getBytes(UTF_8)));
      for (int round = 0; round < 2; round++) {
        final List<ColumnFamilyHandle> handles = new ArrayList<>();
        try (RocksDB db = RocksDB.open(options, "/cf", descriptors, handles);
            WriteBatch batch = new WriteBatch()) {
          assertThat(db.get(handles.get(1), key(1))).isEqualTo(round == 0 ? null : value(1, 0));
          batch.put(handles.get(0), key(1), value(2, 0));
          batch.put(handles.get(1), key(1), value(1, 0));
          db.write(sync, batch);
          db.syncWal();
          handles.forEach(ColumnFamilyHandle::close);
        }
      }
    }
  }

  @Test
  void transactions() throws RocksDBException {
    try (BlobFs fs = memory();
        Options options = options(fs);
        TransactionDBOptions transactions = new TransactionDBOptions();
        WriteOptions write = new WriteOptions().setSync(true)) {
      try (TransactionDB db = TransactionDB.open(options, transactions, "/tx")) {
        try (Transaction one = db.beginTransaction(write)) {
          one.put(key(1), value(1, 1));
          one.setName("prepared");
          one.prepare();
        }
        try (Transaction two = db.beginTransaction(write)) {
          two.put(key(2), value(2, 2));
          two.commit();
        }
      }
      try (TransactionDB db = TransactionDB.open(options, transactions, "/tx")) {
        assertThat(db.get(key(2))).isEqualTo(value(2, 2));
        assertThat(db.get(key(1))).isNull();
        assertThat(db.getTransactionByName("prepared")).as("it waits for a verdict").isNotNull();
      }
    }
  }

  @Test
  void checkpointsAndBackupsAreCopies() throws Exception {
    // The Java class takes only folders of the host for backups.
    final Path host = Files.createDirectory(folder.resolve("backup"));
    try (BlobFs fs = memory();
        Options options = options(fs)) {
      try (RocksDB db = RocksDB.open(options, "/db");
          BackupEngineOptions to =
              new BackupEngineOptions(host.toString()).setBackupEnv(Env.getDefault());
          BackupEngine backups = BackupEngine.open(fs.rocksEnv(), to)) {
        fill(db, 1);
        try (Checkpoint checkpoint = Checkpoint.create(db)) {
          checkpoint.createCheckpoint("/copy");
        }
        backups.createNewBackup(db, true);
        fill(db, 2);
        check(db, 2);
        assertThat(backups.getBackupInfo()).hasSize(1);
        try (var restore = new RestoreOptions(false)) {
          backups.restoreDbFromLatestBackup("/restored", "/restored", restore);
        }
      }
      for (final String path : List.of("/copy", "/restored")) {
        try (RocksDB db = RocksDB.open(options, path)) {
          check(db, 1);
        }
      }
    }
  }

  @Test
  void recyclingLogsShowsNoOldRecords() throws RocksDBException {
    try (BlobFs fs = memory();
        Options options = options(fs).setRecycleLogFileNum(4)) {
      for (int round = 0; round < 3; round++) {
        try (RocksDB db = RocksDB.open(options, "/db")) {
          fill(db, round);
          check(db, round);
        }
      }
    }
  }

  @Test
  void twoDatabasesShareOneDevice() throws RocksDBException {
    try (BlobFs fs = memory();
        Options options = options(fs);
        RocksDB one = RocksDB.open(options, "/one");
        RocksDB two = RocksDB.open(options, "/two")) {
      fill(one, 1);
      fill(two, 2);
      check(one, 1);
      check(two, 2);
    }
  }

  @Test
  void destroyRemovesEveryFile() throws RocksDBException {
    try (BlobFs fs = memory();
        Options options = options(fs)) {
      try (RocksDB db = RocksDB.open(options, "/db")) {
        fill(db, 1);
      }
      RocksDB.destroyDB("/db", options);
      assertThat(fs.list("/db")).isEmpty();
    }
  }

  // --- mistakes ----------------------------------------------------------------------------------

  @Test
  void databaseIsOpenOnlyOnce() throws RocksDBException {
    try (BlobFs fs = memory();
        Options options = options(fs);
        RocksDB db = RocksDB.open(options, "/db")) {
      assertThat(db.get(key(1))).isNull();
      assertThatThrownBy(() -> RocksDB.open(options, "/db"))
          .isInstanceOf(RocksDBException.class)
          .hasMessageContaining("lock");
    }
  }

  @Test
  void closingUnderAnOpenDatabaseIsRefused() throws RocksDBException {
    final BlobFs fs = memory();
    try (Options options = options(fs)) {
      try (RocksDB db = RocksDB.open(options, "/db")) {
        assertThatThrownBy(fs::close)
            .isExactlyInstanceOf(IllegalStateException.class)
            .hasMessageContaining("close the database first")
            .hasMessageContaining("/db/");
        fill(db, 1);
        check(db, 1);
      }
      fs.close();
      assertThatThrownBy(() -> RocksDB.open(options, "/db"))
          .isInstanceOf(RocksDBException.class)
          .hasMessageContaining("closed");
    }
  }

  @Test
  void environmentOfAClosedFileSystemGivesErrors() throws RocksDBException {
    final BlobFs fs = memory();
    final var env = fs.rocksEnv();
    assertThat(fs.rocksEnv()).isSameAs(env);
    env.close();
    fs.close();
    try (Options options = new Options().setCreateIfMissing(true).setEnv(env)) {
      assertThatThrownBy(() -> RocksDB.open(options, "/db"))
          .isInstanceOf(RocksDBException.class)
          .hasMessageContaining("closed");
    }
  }

  private static boolean canPut(final RocksDB db, final byte[] key, final byte[] value) {
    try {
      db.put(key, value);
      return true;
    } catch (final RocksDBException e) {
      return false;
    }
  }

  @Test
  void fullDeviceStopsWritesAndSpaceLetsThemGoOn() throws RocksDBException {
    try (BlobFs fs = fresh(48L << 20);
        Options options = options(fs)) {
      try (BlobFile filler = fs.create("/filler")) {
        filler.append(ByteBuffer.allocateDirect(8 << 20));
      }
      try (RocksDB db = RocksDB.open(options, "/db")) {
        db.put(key(0), value(0, 0));
        final byte[] large = new byte[100_000];
        assertThatThrownBy(
                () -> {
                  for (int i = 1; i < 2000; i++) {
                    new Random(i).nextBytes(large);
                    db.put(key(i), large);
                  }
                })
            .isInstanceOf(RocksDBException.class)
            .hasMessageContaining("space");
        assertThat(db.get(key(0))).as("reads go on").isEqualTo(value(0, 0));
        assertThatThrownBy(() -> db.put(key(1), large))
            .as("it stays so")
            .isInstanceOf(RocksDBException.class)
            .hasMessageContaining("space");
        fs.delete("/filler");
        Eventually.isTrue("the open database writes again", () -> canPut(db, key(1), large));
        for (int i = 2; i < 9; i++) {
          db.put(key(i), value(i, 0));
        }
      }
      try (RocksDB db = RocksDB.open(options, "/db")) {
        for (int i = 2; i < 9; i++) {
          assertThat(db.get(key(i))).isEqualTo(value(i, 0));
        }
      }
      try (RocksDB db = RocksDB.open(options, "/db")) {
        assertThat(db.get(key(0))).isEqualTo(value(0, 0));
        db.deleteRange(key(1), key(9999));
        db.compactRange();
        fill(db, 1);
        check(db, 1);
      }
    }
  }

  private static String errorOfPut(final RocksDB db, final byte[] key, final byte[] value) {
    try {
      db.put(key, value);
      return "";
    } catch (final RocksDBException e) {
      return e.getMessage();
    }
  }

  /**
   * RocksDB goes on with a log that failed when nothing was put before, and fails again for good.
   */
  @Test
  void largeFirstPutOfALogOnAFullDeviceEndsWritesUntilTheDatabaseIsOpenedAgain()
      throws RocksDBException {
    try (BlobFs fs = fresh(48L << 20);
        Options options = options(fs)) {
      try (RocksDB db = RocksDB.open(options, "/db");
          FlushOptions flush = new FlushOptions()) {
        db.put(key(0), value(0, 0));
        db.flush(flush);
        try (BlobFile filler = fs.create("/filler")) {
          final ByteBuffer piece = ByteBuffer.allocateDirect(1 << 20);
          assertThatThrownBy(
                  () -> {
                    while (true) {
                      filler.append(piece.clear());
                    }
                  })
              .isInstanceOf(OutOfSpaceException.class);
        }
        assertThat(errorOfPut(db, key(1), new byte[3 << 20])).contains("space");
        fs.delete("/filler");
        Eventually.isTrue(
            "the same log fails again",
            () -> errorOfPut(db, key(2), value(2, 0)).contains("previous error"));
        assertThat(errorOfPut(db, key(2), value(2, 0))).contains("previous error");
        assertThat(db.get(key(0))).isEqualTo(value(0, 0));
      }
      try (RocksDB db = RocksDB.open(options, "/db")) {
        assertThat(db.get(key(0))).isEqualTo(value(0, 0));
        db.put(key(1), new byte[3 << 20]);
      }
    }
  }
}
