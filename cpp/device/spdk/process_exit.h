// The end of the process: SPDK takes DPDK down in a destructor, while reactors still run, since a
// JVM ends without them. Just before that every thread that polls SPDK stops for good; not earlier,
// because whatever is destroyed at exit may wait for I/O (RocksDB joins its threads then).
#pragma once

namespace ashlar::spdk {

class Parked {
 public:
  // A thread that polls SPDK, for as long as this lives.
  class Thread {
   public:
    Thread();
    ~Thread();
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;

    // Called in each turn, outside of SPDK; does not return once the process is ending.
    void StopIfExiting() const;
  };

  static bool exiting();
};

}  // namespace ashlar::spdk
