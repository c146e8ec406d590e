package dev.ashlar.internal;

import java.nio.ByteBuffer;

/**
 * The whole surface between Java and the native core.
 *
 * <p>The data path does not come through here: reads, writes, frees and flushes are op slots (see
 * {@link OpSlotLayout}) whose numbers travel through rings in shared memory (see {@link
 * PortLayout}); only {@link #wake}, {@link #awaitCompletions}, {@link #readInline} and {@link
 * #flushInline} belong to it. The other calls are control calls; they may block for the time of a
 * few I/Os and throw an {@link dev.ashlar.AshlarException} made by {@link NativeErrors}.
 *
 * <p>Handles are numbers with a generation, never pointers: a stale one is answered with an error.
 * Arguments have been validated by the callers in this package.
 */
final class Native {
  /** Must equal what {@link #abiVersion} returns; raised with every change of this surface. */
  static final int ABI_VERSION = 7;

  private Native() {}

  static native int abiVersion();

  /**
   * Layout constants of the native side, in the order of {@code OpSlotLayout.expected()} followed
   * by {@code PortLayout.expected()}.
   */
  static native long[] layout();

  /** The table of status codes as "number name" strings, for the test that compares it. */
  static native String[] statusCodes();

  // --- runtime -------------------------------------------------------------------------------

  /**
   * Starts the process's runtime. Called once per process until {@link #runtimeStop}.
   *
   * @param reactors 1 to 64, or 0 for the default
   * @param idlePolicy 0 adaptive, 1 busy, 2 interrupt
   * @param spinNanos for adaptive
   * @param slots number of op slots, 1 to 65536
   * @param bufferBytes page buffers of all reactors together, for unaligned and heap data
   * @return a handle
   */
  static native long runtimeStart(
      int reactors, int idlePolicy, long spinNanos, int slots, long bufferBytes);

  /** Stops it; every store is closed. */
  static native void runtimeStop(long runtime);

  static native int runtimeReactors(long runtime);

  /** The shared memory: control block, ports, op slots. Valid until {@link #runtimeStop}. */
  static native ByteBuffer runtimeMemory(long runtime);

  /** Wakes a sleeping reactor after a submission. Never blocks. */
  static native void wake(long runtime, int reactor);

  /**
   * Does what there is to do for the operations in the last port, that of the driven reactor.
   *
   * @return how much was done; 0 also while another thread does it
   */
  static native int turn(long runtime);

  /**
   * Waits until a completion is published after drainer_waiting was set, {@link #interruptWait} is
   * called, the driven reactor has something to do or the time is over.
   */
  static native void awaitCompletions(long runtime, int timeoutMillis);

  static native void interruptWait(long runtime);

  // --- memory --------------------------------------------------------------------------------

  /** Address of a direct buffer's first byte (position not added). */
  static native long address(ByteBuffer direct);

  /** Page-aligned zeroed memory, or null when there is none. */
  static native ByteBuffer allocate(long bytes);

  /** Frees what {@link #allocate} gave, by its address. */
  static native void free(long address);

  /**
   * Makes zeroed memory that devices of kind 3 are opened on; it keeps its content.
   *
   * @param name not in use
   * @param sizeBytes a multiple of 4096
   * @param sectorBytes 512 or 4096
   */
  static native void namedMemoryCreate(String name, long sizeBytes, int sectorBytes);

  /** Gives it back. Throws Busy when a device is open on it. */
  static native void namedMemoryDrop(String name);

  // --- stores --------------------------------------------------------------------------------

  /**
   * Opens a device and loads the blobstore on it. Nothing is written to the device unless {@code
   * format} is set.
   *
   * @param kind 0 memory, 1 file or block device, 2 crash device (testing library only), 3 memory
   *     of {@link #namedMemoryCreate}, 4 bdev of SPDK
   * @param path of the file, or a label, or the name of the memory
   * @param sizeBytes of memory or of a file to be created; 0: as it is
   * @param flags sum of OPEN_ flags
   * @param sectorBytes of memory devices: 512 or 4096
   * @param clusterBytes when formatting; 0: by the size of the device
   * @param storeId 16 bytes written when formatting, else null
   * @return a handle
   */
  static native long storeOpen(
      long runtime,
      int kind,
      String path,
      long sizeBytes,
      int flags,
      int sectorBytes,
      int clusterBytes,
      byte[] storeId);

  static final int OPEN_CREATE_FILE = 1;
  static final int OPEN_FORMAT = 2;
  static final int OPEN_READ_ONLY = 4;
  static final int OPEN_NO_URING = 8;
  static final int OPEN_NO_DIRECT_IO = 16;

  /** BlobFS only: writes beside a chunk store are allowed. */
  static final int OPEN_BESIDE_STORE = 32;

  /** BlobFS only: a flush of a file writes its tail to the device. */
  static final int OPEN_FLUSH_WRITES_TAIL = 64;

  /** Stores only, when formatting: the metadata will be on the device. */
  static final int OPEN_METADATA_ON_DEVICE = 128;

  /** Bdevs of SPDK only: what they have written survives a power cut without a flush. */
  static final int OPEN_NON_VOLATILE_CACHE = 256;

  /**
   * What is on a device, without changing it: 0 nothing but zeros where formats keep their marks, 1
   * an Ashlar chunk store, 2 another SPDK blobstore or BlobFS, 3 something else, 4 a chunk store
   * whose making was interrupted. Throws Busy when it is in use and NotFound when it is missing.
   * The kind is one of {@link #storeOpen}.
   */
  static native int deviceProbe(int kind, String path);

  /** Numbers about an open store, see {@link StoreNumbers}. Cheap; any thread. */
  static native void storeNumbers(long store, long[] into);

  /** Backend of the device: "memory", "io_uring" or "pread". */
  static native String storeBackend(long store);

  static native byte[] storeId(long store);

  /** Damaged blobs found at open, one sentence each; empty when all is well. */
  static native String[] storeDamage(long store);

  /** Where the metadata is: 0 elsewhere, 1 on the device, 2 it will be, once it is made. */
  static native int storeMetadataPlace(long store);

  /** Makes 1 of 2 in {@link #storeMetadataPlace}, durably. */
  static native void storeFinishFormat(long store);

  /**
   * Mounts the files beside the chunks, once, before {@link #storeStart}.
   *
   * @param bufferBytes bound of the memory for appending and reading ahead
   * @return a handle as of {@link #fsOpen}, to be closed before the store
   */
  static native long storeMountFiles(long store, long bufferBytes);

  /** Whether metadata on the device has used up half of its reserve. Never blocks; any thread. */
  static native boolean storeIsMetadataSpaceLow(long store);

  /** Generation of the store as the device has it. */
  static native long storeGeneration(long store);

  /** Makes a new generation durable on the device. */
  static native void storeSetGeneration(long store, long generation);

  /** Root page indices of the private blobs, each followed by its length in pages. */
  static native long[] spaceBlobs(long store);

  /**
   * Recovery: marks runs as used. {@code runs} holds pairs of first location and page count.
   *
   * @return -1, or the index of the first bad run times 4 plus the reason: 0 a page has an owner
   *     already, 1 there is no such blob, 2 the pages are not in the blob, 3 the blob is damaged
   */
  static native long spaceMarkUsed(long store, long[] runs, int runCount);

  /** Recovery from a clean close: the used bits of one private blob, 64 pages a word. */
  static native void spaceLoadBitmap(long store, int blob, long[] words);

  /** The used bits of one private blob; the store is quiet. */
  static native long[] spaceBitmap(long store, int blob);

  /** Ends recovery: from here on the reactors allocate. Not called for a read-only store. */
  static native void storeStart(long store);

  /**
   * Ends operation before a clean close: empty blobs go back, allocation stops. Every op of the
   * store has completed.
   */
  static native void storeQuiesce(long store);

  /** Closes it. With {@code clean} the blobstore is marked clean; without, nothing is written. */
  static native void storeClose(long store, boolean clean);

  // --- I/O in the calling thread ---------------------------------------------------------------

  /**
   * Reads bytes of one page in the calling thread and verifies the page.
   *
   * @param address where {@code length} bytes go
   * @param offsetInPage 0 to 4095
   * @param location of the page, never a hole
   * @return 0, or the negative of a status code; -10 (not supported) when the device cannot: then
   *     the caller uses an op slot. An op slot also gives the details of a failure.
   */
  static native int readInline(
      long store, long address, int offsetInPage, int length, long location, int crc);

  /** The same for a heap array, copied once. */
  static native int readInlineHeap(
      long store,
      byte[] into,
      int intoOffset,
      int offsetInPage,
      int length,
      long location,
      int crc);

  /**
   * Flushes the device in the calling thread: covers the writes whose op slots have completed.
   *
   * @return 0, or the negative of a status code plus 256 times the errno; -10 (not supported) when
   *     the device cannot: then the caller uses an op slot
   */
  static native int flushInline(long store);

  // --- BlobFS ----------------------------------------------------------------------------------

  /**
   * Opens the files on a device.
   *
   * @param kind as in {@link #storeOpen}, as are path, size, flags, sectors and clusters
   * @param reactors as in {@link #runtimeStart}, as are idlePolicy and spinNanos; used if no
   *     runtime is running
   * @param bufferBytes bound of the memory for appending and reading ahead
   * @return a handle
   */
  static native long fsOpen(
      int kind,
      String path,
      long sizeBytes,
      int flags,
      int sectorBytes,
      int clusterBytes,
      int reactors,
      int idlePolicy,
      long spinNanos,
      long bufferBytes);

  /**
   * Closes it and every file of it. Throws IllegalStateException, and changes nothing, as long as a
   * RocksDB has files open in it.
   */
  static native void fsClose(long fs);

  /** Names with that prefix, ascending. */
  static native String[] fsList(long fs, String prefix);

  /** Size and allocated bytes, microseconds since 1970, 1 for a log. */
  static native long[] fsStat(long fs, String name);

  static native boolean fsExists(long fs, String name);

  static native void fsRename(long fs, String from, String to);

  static native void fsDelete(long fs, String name);

  /**
   * Total and free bytes, cluster bytes, files, bytes of buffers; reads, writes, flushes, bytes
   * read, bytes written; whether it is read-only, whether a chunk store is on the device; free
   * metadata pages, of which a file needs two or more.
   */
  static native long[] fsNumbers(long fs);

  /** What cannot be used as a file, one sentence each. */
  static native String[] fsDamage(long fs);

  // --- files of a BlobFS -------------------------------------------------------------------------

  static final int FILE_READ = 0;
  static final int FILE_WRITE = 1;
  static final int FILE_CREATE_NEW = 2;
  static final int FILE_CREATE_OR_WRITE = 3;
  static final int FILE_CREATE_OR_REPLACE = 4;

  /**
   * Opens a file.
   *
   * @param mode a FILE_ constant
   * @param log whether a new file is a log
   * @return a handle
   */
  static native long fileOpen(long fs, String name, int mode, boolean log);

  /** Closes it; nothing happens if it is closed. */
  static native void fileClose(long file);

  /** The number of bytes read; fewer than asked for only at the end of the file. */
  static native int fileRead(long file, long offset, long address, int length);

  static native int fileReadHeap(long file, long offset, byte[] into, int at, int length);

  static native void fileAppend(long file, long address, int length);

  static native void fileAppendHeap(long file, byte[] from, int at, int length);

  static native void fileSync(long file);

  static native void fileTruncate(long file, long sizeBytes);

  static native long fileSize(long file);

  // --- RocksDB on a BlobFS -----------------------------------------------------------------------

  /** Which std::string the loaded RocksDB has: "gcc4" or "cxx11". */
  static native String rocksDbStringAbi();

  /** Loads the plug-in for the loaded RocksDB, which is of that version. */
  static native void rocksDbLoadPlugin(String file, int major, int minor, int patch);

  /** A {@code rocksdb::Env*} over the files of the BlobFS; it is valid for ever. */
  static native long rocksDbNewEnv(long fs);

  // --- mounts of this process --------------------------------------------------------------------

  /** Loads the library that knows libfuse, before the first mount. */
  static native void mountLoad(String file);

  /**
   * Shows a BlobFS in a folder of the host.
   *
   * @param source shown by mount(8) and df
   * @return a handle, for one call of {@link #mountServe}; until then whoever looks into the folder
   *     waits
   */
  static native long mountStart(long fs, String folder, String source, boolean readOnly);

  /** Serves the folder until it has been unmounted, by whomever; the handle is gone then. */
  static native void mountServe(long mount);

  /** Unmounts. Throws Busy when something in it is open; does nothing when it has ended. */
  static native void mountUnmount(long mount);

  /** Takes the mount from its folder at once; what is open is served until it is closed. */
  static native void mountDetach(long mount);

  // --- SPDK --------------------------------------------------------------------------------------

  /** Loads the library that knows SPDK, before it is first started. */
  static native void spdkLoad(String file);

  /**
   * Starts SPDK, or takes a reference to the one that runs with the same options.
   *
   * @param config SPDK's JSON configuration, or empty
   * @param coreMask cores of the reactors, or empty
   * @param memoryMib 0: the default
   * @param hugeDir a hugetlbfs, or empty
   * @param interrupts 1: on, 0: off, -1: the default
   */
  static native void spdkStart(
      String config,
      String coreMask,
      int memoryMib,
      boolean hugePages,
      String hugeDir,
      int interrupts);

  /** Gives a reference back. With the last one, and the last device closed, the bdevs go. */
  static native void spdkStop();

  static native boolean spdkRunning();

  /**
   * Calls a method of SPDK's rpc.
   *
   * @param params JSON, or empty
   * @return the result as JSON; or the number and the message of the error
   */
  static native String[] spdkCall(String method, String params);
}
