package dev.ashlar.internal.metadata;

import dev.ashlar.StoreClosedException;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;

/**
 * An iterator of RocksDB over a range of keys that cannot be used after it, or its store, is
 * closed. Its methods exclude each other: the store may close it while another thread uses it.
 */
final class RocksCursor implements AutoCloseable {
  private final RocksMetadataStore store;
  private final byte[] from;
  private final @Nullable Slice upper;
  private final ReadOptions options;
  private final RocksIterator iterator;
  private boolean started;
  private boolean closed;

  /** Called inside the store's gate. */
  RocksCursor(
      final RocksMetadataStore store,
      final RocksDB db,
      final ColumnFamilyHandle family,
      final byte[] from,
      final byte @Nullable [] to) {
    this.store = store;
    this.from = from;
    upper = to == null ? null : new Slice(to);
    // What is read once should not push out what is read often.
    options = new ReadOptions().setVerifyChecksums(true).setFillCache(false);
    if (upper != null) {
      options.setIterateUpperBound(upper);
    }
    iterator = db.newIterator(family, options);
  }

  synchronized boolean next() {
    store.enter();
    try {
      if (closed) {
        throw new StoreClosedException("the cursor is closed");
      }
      if (!started) {
        iterator.seek(from);
        started = true;
      } else if (iterator.isValid()) {
        iterator.next();
      }
      if (iterator.isValid()) {
        return true;
      }
      iterator.status();
      return false;
    } catch (final RocksDBException e) {
      throw RocksErrors.toException("going through metadata", e);
    } finally {
      store.exit();
    }
  }

  synchronized byte[] key() {
    store.enter();
    try {
      checkPosition();
      return iterator.key();
    } finally {
      store.exit();
    }
  }

  synchronized byte[] value() {
    store.enter();
    try {
      checkPosition();
      return iterator.value();
    } finally {
      store.exit();
    }
  }

  private void checkPosition() {
    if (closed) {
      throw new StoreClosedException("the cursor is closed");
    }
    if (!started || !iterator.isValid()) {
      throw new NoSuchElementException("the cursor is at no entry");
    }
  }

  /** By the user; does nothing once the store has been closed, which has closed it as well. */
  @Override
  public void close() {
    release(); // first: until it is done the store, when it closes, has to find and wait for this
    store.forget(this);
  }

  /** Gives the native objects back, the iterator before what it refers to. */
  synchronized void release() {
    if (!closed) {
      closed = true;
      iterator.close();
      options.close();
      if (upper != null) {
        upper.close();
      }
    }
  }
}
