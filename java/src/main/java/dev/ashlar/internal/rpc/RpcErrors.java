package dev.ashlar.internal.rpc;

import dev.ashlar.BadConfigurationException;
import dev.ashlar.BlobFileExistsException;
import dev.ashlar.ChunkExistsException;
import dev.ashlar.NativeMemoryException;
import dev.ashlar.NoSuchBlobFileException;
import dev.ashlar.NoSuchChunkException;
import dev.ashlar.NoSuchDeviceException;
import dev.ashlar.OutOfSpaceException;
import dev.ashlar.ReadOnlyStoreException;
import dev.ashlar.RpcException;
import dev.ashlar.StorageIoException;
import dev.ashlar.StoreBusyException;
import dev.ashlar.StoreClosedException;
import dev.ashlar.StoreExistsException;
import dev.ashlar.UnsupportedDeviceException;
import dev.ashlar.WrongFormatException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Exceptions as errors of rpc: like SPDK's, their codes are negative numbers of Linux's errno. */
final class RpcErrors {
  private static final Logger LOG = LoggerFactory.getLogger(RpcErrors.class);

  private static final int ENOENT = -2;
  private static final int EIO = -5;
  private static final int ENOMEM = -12;
  private static final int EBUSY = -16;
  private static final int EEXIST = -17;
  private static final int ENODEV = -19;
  private static final int EINVAL = -22;
  private static final int ENOSPC = -28;
  private static final int EROFS = -30;
  private static final int EILSEQ = -84;
  private static final int EOPNOTSUPP = -95;
  private static final int ESHUTDOWN = -108;

  private RpcErrors() {}

  static RpcException of(final Exception e) {
    if (e instanceof RpcException own) {
      return own;
    }
    final int code = codeOf(e);
    if (code == RpcException.INTERNAL_ERROR) {
      LOG.warn("an rpc method failed", e);
    }
    return new RpcException(code, e.getMessage() == null ? e.toString() : e.getMessage());
  }

  private static int codeOf(final Exception e) {
    if (e instanceof NoSuchDeviceException) {
      return ENODEV;
    }
    if (e instanceof NoSuchChunkException || e instanceof NoSuchBlobFileException) {
      return ENOENT;
    }
    if (e instanceof StoreBusyException) {
      return EBUSY;
    }
    if (e instanceof StoreExistsException
        || e instanceof ChunkExistsException
        || e instanceof BlobFileExistsException) {
      return EEXIST;
    }
    if (e instanceof BadConfigurationException || e instanceof IllegalArgumentException) {
      return EINVAL;
    }
    if (e instanceof StorageIoException io) {
      return io.errno() > 0 ? -io.errno() : EIO;
    }
    return rareCodeOf(e);
  }

  private static int rareCodeOf(final Exception e) {
    if (e instanceof OutOfSpaceException) {
      return ENOSPC;
    }
    if (e instanceof NativeMemoryException) {
      return ENOMEM;
    }
    if (e instanceof ReadOnlyStoreException) {
      return EROFS;
    }
    if (e instanceof WrongFormatException) {
      return EILSEQ;
    }
    if (e instanceof UnsupportedDeviceException) {
      return EOPNOTSUPP;
    }
    return e instanceof StoreClosedException ? ESHUTDOWN : RpcException.INTERNAL_ERROR;
  }
}
