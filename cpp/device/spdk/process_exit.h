// The end of the process: SPDK takes DPDK down in a destructor, while reactors still run, since a
// JVM ends without them. Before that every thread that polls SPDK stops for good.
#pragma once

namespace ashlar::spdk {

class Parked {
 public:
  // Registers the wait for the threads, to be run at exit. Once.
  static void AtExit();

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
