// libashlar_mount.so: what mount_api.h promises.
#include <memory>
#include <utility>

#include "cpp/fuse/mount_api.h"
#include "cpp/fuse/mount_point.h"
#include "cpp/fuse/mount_session.h"

namespace ashlar {
namespace {

class SessionMount final : public ServedMount {
 public:
  SessionMount(std::unique_ptr<MountSession> session, std::string folder)
      : session_(std::move(session)), folder_(std::move(folder)) {}

  Status Serve() override { return session_->Serve(); }
  Status Unmount() override { return ashlar::Unmount(folder_); }
  Status Detach() override {
    session_->TakeWhatIsWritten();
    return ashlar::Detach(folder_);
  }

 private:
  const std::unique_ptr<MountSession> session_;
  const std::string folder_;
};

Result<std::unique_ptr<ServedMount>> StartMount(Tree& tree, const MountOptions& options) {
  Result<std::string> folder = PrepareMountPoint(options.folder);
  if (!folder.ok()) return folder.status();
  MountOptions prepared = options;
  prepared.folder = folder.value();
  Result<std::unique_ptr<MountSession>> session = MountSession::Start(tree, prepared);
  if (!session.ok()) return session.status();
  return std::unique_ptr<ServedMount>(
      new SessionMount(std::move(session).value(), std::move(prepared.folder)));
}

}  // namespace
}  // namespace ashlar

extern "C" __attribute__((visibility("default"))) const ashlar::MountApi* ashlar_mount_api() {
  static constexpr ashlar::MountApi kApi{ashlar::kMountApiVersion, &ashlar::StartMount};
  return &kApi;
}
