package dev.ashlar;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The example of README.md, between the two marks; {@link ReadmeExampleTest} compares and runs it.
 */
final class ReadmeExample {

  private ReadmeExample() {}

  static void run(final Path file) {
    // README: begin
    var options = ChunkStoreOptions.builder().device(Device.file(file));
    try (var store = ChunkStore.open(options.size(1L << 30).createIfMissing(true).build())) {
      ChunkKey key = ChunkKey.of("object-42", 7); // object id and chunk number
      store.create(key);
      store.write(key, 5_000_000, UTF_8.encode("hello")); // any offset; durable when it returns

      ByteBuffer mebibyte = store.allocate(1 << 20); // moves without a copy
      var written = store.writeAsync(key, 0, mebibyte); // many may be in flight
      written.join();

      ByteBuffer buffer = ByteBuffer.allocate(5);
      store.read(key, 5_000_000, buffer); // verified, or an exception
      System.out.println(UTF_8.decode(buffer.flip()) + " from " + store.stat(key));

      ChunkKey next = ChunkKey.of("object-42", 8);
      store.batch().create(next).write(next, 0, buffer.rewind()).remove(key).commit(); // at once
      store.list("object-").forEachRemaining(System.out::println);
    }
    // README: end
  }
}
