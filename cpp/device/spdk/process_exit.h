// The end of the process: SPDK takes DPDK down in a destructor, while reactors still run, since a
// JVM ends without them. Just before that every thread that polls SPDK stops for good; not earlier,
// because whatever is destroyed at exit may wait for I/O (RocksDB joins its threads then). Threads
// that use it now and then are waited for until they leave it, and cannot enter it again.
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

    // It sleeps, for as long as it likes, and counts as stopped. From here to Awake it uses SPDK as
    // one that is none of these threads does.
    static void Asleep();
    static void Awake();
  };

  // Around each use of SPDK by a thread that is not one of those above; they nest. Does not return
  // once the process is ending.
  static void EnterOrStop();
  static void Leave();

  static bool exiting();
};

}  // namespace ashlar::spdk
