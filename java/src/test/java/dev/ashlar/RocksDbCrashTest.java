package dev.ashlar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.internal.TestNative;
import dev.ashlar.internal.rocksdb.RocksLibrary;
import dev.ashlar.testing.Seed;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.FlushOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteOptions;

/** Rule R8: what RocksDB has synced to a BlobFS is there after a crash, and nothing else is. */
class RocksDbCrashTest {

  private static final long SIZE = 64L << 20;

  @TempDir private Path folder;

  @BeforeAll
  static void loadRocksDb() {
    RocksLibrary.load();
  }

  // --- death of the process ----------------------------------------------------------------------

  /** What a process does that is killed. */
  public static final class Child {

    private Child() {}

    /** Puts keys without end, synced, and names each one that has been acknowledged. */
    public static void main(final String[] args) throws RocksDBException {
      final BlobFs fs = openFile(Path.of(args[0]));
      final Options options = options(fs);
      final WriteOptions sync = new WriteOptions().setSync(true);
      final RocksDB db = RocksDB.open(options, "/db");
      final boolean flush = args.length > 1;
      for (int i = 0; ; i++) {
        db.put(sync, key(i), value(i));
        System.out.println(i);
        if (flush && i % 50 == 49) {
          db.flush(new FlushOptions());
        }
      }
    }
  }

  private static BlobFs openFile(final Path device) {
    return BlobFs.open(
        BlobFsOptions.builder()
            .device(Device.file(device))
            .size(SIZE)
            .createIfMissing(true)
            .build());
  }

  private static Options options(final BlobFs fs) {
    return new Options().setCreateIfMissing(true).setEnv(fs.rocksEnv());
  }

  private static byte[] key(final int number) {
    return String.format("key-%08d", number).getBytes(UTF_8);
  }

  /** Several times in each value, since a frame of the log may cut one in two. */
  private static String mark(final int number) {
    return String.format("<value-of-%08d>", number);
  }

  private static byte[] value(final int number) {
    return mark(number).repeat(4).getBytes(UTF_8);
  }

  /** Lets a child put that many keys, kills it, and returns how many it had acknowledged. */
  private static int killAfter(final int keys, final String... args)
      throws IOException, InterruptedException {
    final var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Ddev.ashlar.library.path=" + System.getProperty("dev.ashlar.library.path"),
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName()));
    command.addAll(List.of(args));
    final Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    int acknowledged = 0;
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        assertThat(line).isEqualTo(String.valueOf(acknowledged));
        acknowledged++;
        if (acknowledged == keys) {
          process.toHandle().destroyForcibly(); // leaves the lines it has written to be read
        }
      }
    }
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(acknowledged).isGreaterThanOrEqualTo(keys);
    return acknowledged;
  }

  /** How many keys there are, which must be the first ones, each with its value. */
  private static int countKeys(final BlobFs fs) throws RocksDBException {
    try (Options options = options(fs).setCreateIfMissing(false);
        RocksDB db = RocksDB.open(options, "/db");
        RocksIterator all = db.newIterator()) {
      int count = 0;
      for (all.seekToFirst(); all.isValid(); all.next()) {
        assertThat(all.key()).isEqualTo(key(count));
        assertThat(all.value()).isEqualTo(value(count));
        count++;
      }
      all.status();
      return count;
    }
  }

  @Test
  void syncedKeysSurviveAKilledProcess() throws Exception {
    final Path device = folder.resolve("device");
    for (final String[] args : new String[][] {{device.toString()}, {device.toString(), "flush"}}) {
      final int acknowledged = killAfter(220, args);
      try (BlobFs fs = openFile(device)) {
        assertThat(fs.damage()).isEmpty();
        assertThat(countKeys(fs)).isGreaterThanOrEqualTo(acknowledged);
      }
      Files.delete(device);
    }
  }

  // --- damage ------------------------------------------------------------------------------------

  private static int find(final byte[] in, final int number) {
    final byte[] what = mark(number).getBytes(UTF_8);
    outer:
    for (int i = 0; i + what.length <= in.length; i++) {
      for (int j = 0; j < what.length; j++) {
        if (in[i + j] != what[j]) {
          continue outer;
        }
      }
      return i;
    }
    throw new AssertionError("not on the device");
  }

  @Test
  void damageInTheMiddleOfALogIsAnErrorAndAtItsTailCostsNoMoreThanTheTail() throws Exception {
    final Path device = folder.resolve("device");
    final int acknowledged = killAfter(200, device.toString());
    final byte[] whole = Files.readAllBytes(device);

    for (final int number : new int[] {0, 3, 100, 150}) {
      final byte[] damaged = whole.clone();
      damaged[find(whole, number) + 5] ^= 1;
      Files.write(device, damaged);
      try (BlobFs fs = openFile(device)) {
        assertThatThrownBy(() -> countKeys(fs))
            .as("damage at key %d", number)
            .isInstanceOf(RocksDBException.class);
      }
    }

    final byte[] damaged = whole.clone();
    damaged[find(whole, acknowledged - 1) + 5] ^= 1;
    Files.write(device, damaged);
    try (BlobFs fs = openFile(device)) {
      assertThat(countKeys(fs)).isBetween(acknowledged - 1, acknowledged + 1);
    } catch (final RocksDBException e) {
      assertThat(e).hasMessageContaining("log"); // an error is as good: nothing is lost silently
    }

    Files.write(device, whole);
    try (BlobFs fs = openFile(device)) {
      assertThat(countKeys(fs)).isGreaterThanOrEqualTo(acknowledged);
    }
  }

  // --- power cuts --------------------------------------------------------------------------------

  private static BlobFs openCrash(final String label) {
    return BlobFs.open(
        BlobFsOptions.builder()
            .device(TestDevices.crash(label, SIZE, 4096))
            .clusterBytes(ChunkStoreOptions.MIN_CLUSTER_BYTES)
            .build());
  }

  private static TreeMap<String, String> content(final RocksDB db) throws RocksDBException {
    final var found = new TreeMap<String, String>();
    try (RocksIterator all = db.newIterator()) {
      for (all.seekToFirst(); all.isValid(); all.next()) {
        found.put(new String(all.key(), UTF_8), new String(all.value(), UTF_8));
      }
      all.status();
    }
    return found;
  }

  /**
   * Logs come to lie where logs of the same database lay before, so that valid records of old stand
   * behind their ends. Deleted keys must not come back, nor may synced ones be lost.
   */
  @Test
  void recordsOfOlderLogsBehindTheEndOfALogAreNotSeen() throws Exception {
    final SplittableRandom random = Seed.random("recordsOfOlderLogs");
    final long seed = random.nextLong();
    final var model = new TreeMap<String, String>();
    String label = "stale-0-" + seed;
    TestNative.create(label, SIZE, 4096, seed);
    formatCrash(label);
    for (int round = 1; round <= 12; round++) {
      final BlobFs fs = openCrash(label);
      try (Options options = options(fs);
          WriteOptions sync = new WriteOptions().setSync(true);
          WriteOptions lazy = new WriteOptions();
          FlushOptions flush = new FlushOptions();
          RocksDB db = RocksDB.open(options, "/db")) {
        assertThat(content(db)).as("seed %d, round %d", seed, round).isEqualTo(model);
        for (int i = 0; i < 40; i++) {
          final String key = "k" + random.nextInt(30);
          if (random.nextInt(3) == 0) {
            db.delete(sync, key.getBytes(UTF_8));
            model.remove(key);
          } else {
            final String value = "v" + round + "." + i + "x".repeat(random.nextInt(3000));
            db.put(sync, key.getBytes(UTF_8), value.getBytes(UTF_8));
            model.put(key, value);
          }
          if (random.nextInt(15) == 0) {
            db.flush(flush); // a new log; the old one's space is free again
          }
        }
        final String next = "stale-" + round + "-" + seed;
        TestNative.image(label, TestNative.logPosition(label), seed + round, next);
        db.put(lazy, "k1".getBytes(UTF_8), "never seen".getBytes(UTF_8));
        TestNative.powerOff(label);
        TestNative.drop(label);
        label = next;
      } finally {
        try {
          fs.close();
        } catch (final AshlarException e) {
          assertThat(e).as("the power is off").isNotNull();
        }
      }
    }
    TestNative.drop(label);
  }

  private static void formatCrash(final String label) {
    BlobFs.format(
            BlobFsOptions.builder()
                .device(TestDevices.crash(label, SIZE, 4096))
                .clusterBytes(ChunkStoreOptions.MIN_CLUSTER_BYTES)
                .build())
        .close();
  }
}
