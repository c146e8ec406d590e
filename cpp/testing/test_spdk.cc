#include "cpp/testing/test_spdk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <utility>

#include "cpp/base/check.h"
#include "cpp/device/device.h"
#include "cpp/device/unique_fd.h"
#include "cpp/testing/temp_dir.h"

namespace ashlar {

Status LoadSpdkForTest() {
#ifdef ASHLAR_SPDK_LIBRARY
  const Status loaded = LoadSpdk(ASHLAR_SPDK_LIBRARY);
  if (!loaded.ok()) std::fprintf(stderr, "%s\n", loaded.ToString().c_str());
  ASHLAR_CHECK(loaded.ok());  // what was built must not be skipped
  return loaded;
#else
  return Status::NotSupported("built without SPDK (ASHLAR_SPDK)");
#endif
}

SpdkOptions TestSpdkOptions(const std::string& config) {
  SpdkOptions options;
  options.huge_pages = false;
  options.interrupts = true;
  // Some tests of the suites want bdevs of a GiB.
  options.memory_mib = std::getenv("ASHLAR_TEST_BDEV") == nullptr ? 512 : 3072;
  options.config = config;
  return options;
}

Result<SpdkReference> StartSpdkForTest() {
  ASHLAR_RETURN_IF_ERROR(LoadSpdkForTest());
  return SpdkReference::Start(TestSpdkOptions());
}

Status MustCallSpdk(const std::string& method, const std::string& params) {
  const Result<SpdkReply> reply = CallSpdk(method, params);
  if (!reply.ok()) return reply.status();
  if (reply.value().error_code == 0) return Status::Ok();
  return Status::IoError(method + " " + params + ": " + reply.value().text);
}

Status CreateMallocBdev(const std::string& name, uint64_t size_bytes, uint32_t block_bytes) {
  return MustCallSpdk("bdev_malloc_create", R"({"name": ")" + name + R"(", "num_blocks": )" +
                                                std::to_string(size_bytes / block_bytes) +
                                                R"(, "block_size": )" +
                                                std::to_string(block_bytes) + "}");
}

Status CreateAioBdev(const std::string& name, const std::string& file, uint32_t block_bytes) {
  return MustCallSpdk("bdev_aio_create", R"({"name": ")" + name + R"(", "filename": ")" + file +
                                             R"(", "block_size": )" + std::to_string(block_bytes) +
                                             "}");
}

Status DeleteBdev(const std::string& kind, const std::string& name) {
  return MustCallSpdk("bdev_" + kind + "_delete", R"({"name": ")" + name + R"("})");
}

namespace {

// The bdevs that TestMemory has made, and SPDK for as long as there may be some.
class TestBdevs {
 public:
  explicit TestBdevs(std::string kind) : kind_(std::move(kind)) {
    Result<SpdkReference> spdk = StartSpdkForTest();
    Check(spdk.status());
    spdk_ = std::move(spdk).value();
  }

  std::string Create(uint64_t size_bytes, uint32_t sector_bytes) {
    DropClosed();
    std::string name = "Test" + std::to_string(++last_);
    if (kind_ == "malloc") {
      Check(CreateMallocBdev(name, size_bytes, sector_bytes));
    } else {
      const std::string file = folder_.Join(name);
      const UniqueFd fd(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
      ASHLAR_CHECK(fd.valid() && ftruncate(fd.get(), static_cast<off_t>(size_bytes)) == 0);
      Check(CreateAioBdev(name, file, sector_bytes));
    }
    names_.insert(name);
    return name;
  }

 private:
  static void Check(const Status& status) {
    if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
    ASHLAR_CHECK(status.ok());
  }

  void DropClosed() {
    std::erase_if(names_, [this](const std::string& name) {
      DeviceSpec look;
      look.kind = DeviceKind::kSpdk;
      look.path = name;
      look.read_only = true;
      if (!OpenDevice(look).ok()) return false;
      Check(DeleteBdev(kind_, name));
      unlink(folder_.Join(name).c_str());
      return true;
    });
  }

  const std::string kind_;
  SpdkReference spdk_;
  TempDir folder_;
  std::set<std::string> names_;
  int last_ = 0;
};

}  // namespace

DeviceSpec TestMemory(uint64_t size_bytes, uint32_t sector_bytes) {
  DeviceSpec spec;
  const char* kind = std::getenv("ASHLAR_TEST_BDEV");
  if (kind == nullptr) {
    spec.kind = DeviceKind::kMemory;
    spec.size_bytes = size_bytes;
    spec.sector_bytes = sector_bytes;
  } else {
    // Until the process ends: threads of a runtime may outlive main.
    static auto* bdevs = new TestBdevs(kind);
    spec.kind = DeviceKind::kSpdk;
    spec.path = bdevs->Create(size_bytes, sector_bytes);
  }
  return spec;
}

}  // namespace ashlar
