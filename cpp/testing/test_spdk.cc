#include "cpp/testing/test_spdk.h"

namespace ashlar {

Status LoadSpdkForTest() {
#ifdef ASHLAR_SPDK_LIBRARY
  return LoadSpdk(ASHLAR_SPDK_LIBRARY);
#else
  return Status::NotSupported("built without SPDK (ASHLAR_SPDK)");
#endif
}

SpdkOptions TestSpdkOptions(const std::string& config) {
  SpdkOptions options;
  options.huge_pages = false;
  options.memory_mib = 512;
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
  return MustCallSpdk("bdev_malloc_create",
                      R"({"name": ")" + name + R"(", "num_blocks": )" +
                          std::to_string(size_bytes / block_bytes) + R"(, "block_size": )" +
                          std::to_string(block_bytes) + "}");
}

Status CreateAioBdev(const std::string& name, const std::string& file, uint32_t block_bytes) {
  return MustCallSpdk("bdev_aio_create",
                      R"({"name": ")" + name + R"(", "filename": ")" + file +
                          R"(", "block_size": )" + std::to_string(block_bytes) + "}");
}

Status DeleteBdev(const std::string& kind, const std::string& name) {
  return MustCallSpdk("bdev_" + kind + "_delete", R"({"name": ")" + name + R"("})");
}

}  // namespace ashlar
