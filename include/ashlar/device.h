// What a store can lie on, as its user names it.
#pragma once

#include <cstdint>
#include <string>

namespace ashlar {

enum class DeviceKind : int32_t {
  kMemory = 0,       // zeroed memory of this process; its content is gone at close
  kFile = 1,         // a plain file or a block device
  kCrash = 2,        // testing builds only: memory that logs writes and yields crash images
  kNamedMemory = 3,  // memory of this process that exists already and keeps its content
  kSpdk = 4,         // a bdev of the SPDK that runs in this process
};

// How to open a device. A plain file is opened O_DIRECT | O_NOFOLLOW and locked exclusively against
// this process and others; io_uring moves the data unless the kernel refuses it. A bdev is claimed
// within SPDK if it is to be written.
struct DeviceSpec {
  DeviceKind kind = DeviceKind::kMemory;
  std::string path;              // kFile: absolute or relative path; else a label or name
  uint64_t size_bytes = 0;       // kMemory, kCrash and a file to be created; 0: take what is there
  bool create = false;           // kFile: create the file (0600, O_EXCL), which must not exist yet
  bool read_only = false;        // refuse writes
  bool use_uring = true;         // false: pread/pwrite threads even where io_uring works
  bool use_direct_io = true;     // false: through the page cache
  uint32_t sector_bytes = 4096;  // kMemory, kCrash: 512 or 4096
  // kSpdk: writes that completed survive a power cut. Needed to write to a bdev that knows no flush;
  // believed.
  bool non_volatile_cache = false;
};

// What an open device is. All sizes in bytes.
struct DeviceInfo {
  std::string name;                   // for messages: the path or the label
  std::string backend;                // "memory", "io_uring", "pread", "spdk"
  uint64_t size_bytes = 0;            // usable size, a multiple of 4096
  uint32_t sector_bytes = 4096;       // unit of addressing: 512 or 4096
  uint32_t atomic_write_bytes = 512;  // an aligned write of this size is never torn by power loss
  uint32_t memory_alignment = 4096;   // required alignment of data buffers
  bool direct_io = false;             // the kernel's page cache is bypassed
  bool volatile_cache = true;         // completion is not durability until a flush completes
  bool can_discard = false;
  // A file system below records each block's first write, and makes that durable with a flush.
  bool records_first_writes = false;
};

// Totals since the device was opened; any thread may read them.
struct DeviceCounters {
  uint64_t reads = 0;
  uint64_t writes = 0;
  uint64_t flushes = 0;
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
};

}  // namespace ashlar
