package dev.ashlar.internal.rocksdb;

import dev.ashlar.BadConfigurationException;
import dev.ashlar.internal.NativeBlobFs;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import org.rocksdb.Env;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksEnv;

/**
 * Lets RocksDB, as its jar brings it, keep its files in a BlobFS.
 *
 * <p>The plug-in is native code that was compiled for one version of RocksDB and one layout of C++
 * strings, so it is chosen by both when RocksDB is loaded.
 */
public final class RocksPlugin {

  private static boolean loaded;

  private RocksPlugin() {}

  /**
   * Makes the environment of a BlobFS.
   *
   * @param fs the open BlobFS
   * @return the environment; its native object is never freed, since RocksDB copies pointers to it
   *     into every set of options
   * @throws BadConfigurationException if there is no plug-in for the RocksDB that is loaded
   */
  public static Env newEnv(final NativeBlobFs fs) {
    load();
    return wrap(fs.newRocksDbEnv());
  }

  private static synchronized void load() {
    if (loaded) {
      return;
    }
    RocksLibrary.load();
    final RocksDB.Version version = RocksDB.rocksdbVersion();
    NativeBlobFs.loadRocksDbPlugin(version.getMajor(), version.getMinor(), version.getPatch());
    loaded = true;
  }

  /** RocksDB has the class, but lets nobody else make one. */
  private static Env wrap(final long nativeEnv) {
    try {
      final Constructor<RocksEnv> constructor = RocksEnv.class.getDeclaredConstructor(long.class);
      constructor.setAccessible(true);
      final RocksEnv env = constructor.newInstance(nativeEnv);
      disown(env);
      return env;
    } catch (final ReflectiveOperationException | RuntimeException e) {
      throw new BadConfigurationException(
          "this version of RocksDB (" + RocksDB.rocksdbVersion() + ") takes no environment: " + e,
          e);
    }
  }

  /** RocksDB must not free the native object; some versions cannot anyhow. */
  private static void disown(final RocksEnv env) throws ReflectiveOperationException {
    for (Class<?> type = RocksEnv.class; type != null; type = type.getSuperclass()) {
      for (final Method method : type.getDeclaredMethods()) {
        if (method.getName().equals("disOwnNativeHandle") && method.getParameterCount() == 0) {
          method.setAccessible(true);
          method.invoke(env);
          return;
        }
      }
    }
    throw new NoSuchMethodException("disOwnNativeHandle");
  }
}
