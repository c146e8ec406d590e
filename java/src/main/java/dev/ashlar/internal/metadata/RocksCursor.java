package dev.ashlar.internal.metadata;

import dev.ashlar.StoreClosedException;
import java.util.Arrays;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;

/**
 * An iterator of RocksDB over a range of keys that cannot be used after it, or its store, is
 * closed. Its methods exclude each other: the store may close it while another thread uses it.
 *
 * <p>When the store opens its database again, an iterator begins anew behind the entry where it
 * was.
 */
final class RocksCursor implements AutoCloseable {
  private final RocksMetadataStore store;
  private final int family;
  private final byte[] from;
  private final @Nullable Slice upper;
  private final ReadOptions options;
  private @Nullable RocksIterator iterator;
  private boolean started;
  private boolean closed;

  // The entry where it was when its iterator had to go.
  private byte @Nullable [] keptKey;
  private byte @Nullable [] keptValue;

  /** Called inside the store's gate. */
  RocksCursor(
      final RocksMetadataStore store,
      final int family,
      final byte[] from,
      final byte @Nullable [] to) {
    this.store = store;
    this.family = family;
    this.from = from;
    upper = to == null ? null : new Slice(to);
    // What is read once should not push out what is read often.
    options = new ReadOptions().setVerifyChecksums(true).setFillCache(false);
    if (upper != null) {
      options.setIterateUpperBound(upper);
    }
    iterator = store.newIterator(family, options);
  }

  boolean next() {
    store.enter(); // before the monitor, which the store takes while nobody can enter
    try {
      return nextInside();
    } catch (final RocksDBException e) {
      throw RocksErrors.toException("going through metadata", e);
    } finally {
      store.exit();
    }
  }

  private synchronized boolean nextInside() throws RocksDBException {
    checkOpen();
    if (iterator == null) {
      begin(store.newIterator(family, options));
    } else if (!started) {
      iterator.seek(from);
    } else if (iterator.isValid()) {
      iterator.next();
    }
    started = true;
    final RocksIterator now = here();
    if (now.isValid()) {
      return true;
    }
    now.status();
    return false;
  }

  /** Goes behind the entry where it was. */
  private void begin(final RocksIterator anew) {
    iterator = anew;
    final byte[] last = keptKey;
    keptKey = null;
    keptValue = null;
    if (last != null) {
      anew.seek(last);
      if (anew.isValid() && Arrays.equals(anew.key(), last)) {
        anew.next();
      }
    } else if (started) {
      anew.seekToLast(); // it was at the end
      if (anew.isValid()) {
        anew.next();
      }
    } else {
      anew.seek(from);
    }
  }

  byte[] key() {
    return entry(true);
  }

  byte[] value() {
    return entry(false);
  }

  private byte[] entry(final boolean key) {
    store.enter();
    try {
      synchronized (this) {
        checkOpen();
        final byte[] kept = key ? keptKey : keptValue;
        if (kept != null) {
          return kept.clone();
        }
        if (!isAtEntry()) {
          throw new NoSuchElementException("the cursor is at no entry");
        }
        return key ? here().key() : here().value();
      }
    } finally {
      store.exit();
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new StoreClosedException("the cursor is closed");
    }
  }

  private boolean isAtEntry() {
    return started && iterator != null && iterator.isValid();
  }

  private RocksIterator here() {
    return Objects.requireNonNull(iterator);
  }

  /** Gives the iterator back before the database goes; nobody is inside the store's gate. */
  synchronized void suspend() {
    if (iterator == null) {
      return;
    }
    if (isAtEntry()) {
      keptKey = here().key();
      keptValue = here().value();
    }
    iterator.close();
    iterator = null;
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
      if (iterator != null) {
        iterator.close();
      }
      options.close();
      if (upper != null) {
        upper.close();
      }
    }
  }
}
