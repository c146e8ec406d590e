// One mount, from the mount point to its end.
#pragma once

#include <memory>
#include <string>

#include "ashlar/status.h"
#include "cpp/fuse/mount_api.h"
#include "cpp/fuse/operations.h"

struct fuse_session;

namespace ashlar {

class RequestLoop;

class MountSession {
 public:
  // Mounts on a folder that PrepareMountPoint has prepared. `tree` outlives the session.
  static Result<std::unique_ptr<MountSession>> Start(Tree& tree, const MountOptions& options);
  // Unmounts, whoever uses it.
  ~MountSession();
  MountSession(const MountSession&) = delete;
  MountSession& operator=(const MountSession&) = delete;

  // The signals that end a mount must find the thread that waits for them, not one of a reactor.
  static void BlockSignals();

  // Serves, in the calling thread and threads of its own, until the folder is unmounted by someone.
  Status Serve();
  // The same for a process that does nothing else, and called BlockSignals before any thread was
  // started. Serves until the folder is unmounted: by umount(8), or by us after
  // SIGINT, SIGTERM or SIGHUP, or after the end of standard input if `watch_input`. While something
  // in it is open, that waits; a second signal does not.
  Status ServeUntilSignal(bool watch_input);

  // Any thread, while the session is served: what programs have written, and the kernel still has,
  // comes here.
  void TakeWhatIsWritten();

 private:
  struct Destroy {
    void operator()(fuse_session* session) const;
  };
  enum class Wish { kServe, kUnmount, kLeave };

  MountSession(Tree& tree, const MountOptions& options);
  Status Mount();
  Status LoopResult(int result) const;
  Status Wait(int finished, int signals, bool watch_input, RequestLoop& loop);
  void TryToUnmount(bool first);

  MountContext context_;
  const MountOptions options_;
  std::unique_ptr<fuse_session, Destroy> session_;
  bool mounted_ = false;
};

}  // namespace ashlar
