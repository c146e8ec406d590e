#include "cpp/device/memory_device.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "cpp/base/units.h"
#include "cpp/device/device_totals.h"
#include "cpp/device/open_requests.h"
#include "cpp/device/request_check.h"
#include "cpp/device/request_list.h"

namespace ashlar {

namespace {

class MemoryDevice final : public Device {
 public:
  MemoryDevice(std::shared_ptr<MemoryBlock> block, DeviceInfo info, bool read_only)
      : block_(std::move(block)),
        bytes_(block_->bytes()),
        info_(std::move(info)),
        read_only_(read_only) {}
  MemoryDevice(const MemoryDevice&) = delete;
  MemoryDevice& operator=(const MemoryDevice&) = delete;

  const DeviceInfo& info() const override { return info_; }
  DeviceCounters counters() const override { return totals_.Sum(); }
  Result<std::unique_ptr<Channel>> OpenChannel() override;
  bool SupportsInlineRead() const override { return true; }
  int ReadInline(uint64_t offset_bytes, void* data, uint32_t length_bytes) override;
  bool SupportsInlineWrite() const override { return true; }
  int WriteInline(uint64_t offset_bytes, const void* data, uint32_t length_bytes) override;
  bool SupportsInlineFlush() const override { return true; }
  int FlushInline() override {
    totals_.CountInlineFlush();
    return 0;
  }
  const uint8_t* memory() const override { return bytes_; }

  // Checks and carries out the request; 0 or a negative errno.
  int Execute(const IoRequest& request);
  DeviceTotals* totals() { return &totals_; }

 private:
  void Discard(uint64_t offset_bytes, uint32_t length_bytes);

  const std::shared_ptr<MemoryBlock> block_;
  uint8_t* const bytes_;
  const DeviceInfo info_;
  const bool read_only_;
  DeviceTotals totals_;
};

class MemoryChannel final : public Channel {
 public:
  explicit MemoryChannel(MemoryDevice* device) : device_(device), requests_(device->totals()) {}

  void Submit(IoRequest* request) override {
    requests_.Begin();
    queue_.PushBack(request);
  }

  int Poll() override {
    // Only what was queued before: a `done` that submits for ever must not keep us here.
    RequestList batch;
    batch.Append(queue_);
    int count = 0;
    while (IoRequest* request = batch.PopFront()) {
      request->result = device_->Execute(*request);
      requests_.End(request);
      ++count;
    }
    return count;
  }

  uint32_t in_flight() const override { return requests_.count(); }
  int wake_fd() const override { return -1; }

 private:
  MemoryDevice* const device_;
  OpenRequests requests_;
  RequestList queue_;
};

Result<std::unique_ptr<Channel>> MemoryDevice::OpenChannel() {
  return std::unique_ptr<Channel>(new MemoryChannel(this));
}

int MemoryDevice::ReadInline(uint64_t offset_bytes, void* data, uint32_t length_bytes) {
  const int refusal = CheckRange(info_, offset_bytes, data, length_bytes);
  if (refusal != 0) return refusal;
  std::memcpy(data, bytes_ + offset_bytes, length_bytes);
  totals_.CountInlineRead(length_bytes);
  return 0;
}

int MemoryDevice::WriteInline(uint64_t offset_bytes, const void* data, uint32_t length_bytes) {
  const int refusal = CheckRange(info_, offset_bytes, data, length_bytes);
  if (refusal != 0) return refusal;
  if (read_only_) return -EROFS;
  std::memcpy(bytes_ + offset_bytes, data, length_bytes);
  totals_.CountInlineWrite(length_bytes);
  return 0;
}

int MemoryDevice::Execute(const IoRequest& request) {
  const int refusal = CheckRequest(info_, read_only_, request);
  if (refusal != 0) return refusal;
  switch (request.op) {
    case IoRequest::Op::kRead:
      std::memcpy(request.data, bytes_ + request.offset_bytes, request.length_bytes);
      break;
    case IoRequest::Op::kWrite:
      std::memcpy(bytes_ + request.offset_bytes, request.data, request.length_bytes);
      break;
    case IoRequest::Op::kFlush:
      break;
    case IoRequest::Op::kDiscard:
      Discard(request.offset_bytes, request.length_bytes);
      break;
  }
  return 0;
}

// Gives whole pages back to the kernel; they read as zeros from then on.
void MemoryDevice::Discard(uint64_t offset_bytes, uint32_t length_bytes) {
  const uint64_t begin = RoundUp(offset_bytes, kPageBytes);
  const uint64_t end = RoundDown(offset_bytes + length_bytes, kPageBytes);
  if (begin < end) {
    // A refusal leaves the bytes as they were, which a discard allows.
    [[maybe_unused]] const int ignored =
        madvise(bytes_ + begin, static_cast<size_t>(end - begin), MADV_DONTNEED);
  }
}

}  // namespace

Status CheckMemorySpec(const DeviceSpec& spec) {
  ASHLAR_RETURN_IF_ERROR(CheckDeviceSize(spec.size_bytes));
  if (spec.sector_bytes == 512 || spec.sector_bytes == kPageBytes) return Status::Ok();
  return Status::InvalidArgument("sector_bytes is " + std::to_string(spec.sector_bytes) +
                                 "; give 512 or 4096");
}

Result<std::shared_ptr<MemoryBlock>> MemoryBlock::Allocate(const DeviceSpec& spec) {
  void* bytes = mmap(nullptr, static_cast<size_t>(spec.size_bytes), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (bytes == MAP_FAILED) {
    return Status::FromErrno(errno, "memory device of " + std::to_string(spec.size_bytes) +
                                        " bytes; give a smaller size");
  }
  // Where the kernel has large pages to spare a write costs fewer page faults; without, nothing.
  [[maybe_unused]] const int ignored =
      madvise(bytes, static_cast<size_t>(spec.size_bytes), MADV_HUGEPAGE);
  return std::shared_ptr<MemoryBlock>(new MemoryBlock(static_cast<uint8_t*>(bytes), spec));
}

MemoryBlock::~MemoryBlock() { munmap(bytes_, static_cast<size_t>(size_bytes_)); }

std::unique_ptr<Device> NewMemoryDevice(std::shared_ptr<MemoryBlock> block,
                                        const DeviceSpec& spec) {
  DeviceInfo info;
  info.name = spec.path.empty() ? "memory" : spec.path;
  info.backend = "memory";
  info.size_bytes = block->size_bytes();
  info.sector_bytes = block->sector_bytes();
  info.atomic_write_bytes = block->sector_bytes();
  info.memory_alignment = 1;
  info.direct_io = true;
  info.volatile_cache = false;
  info.can_discard = true;
  return std::make_unique<MemoryDevice>(std::move(block), std::move(info), spec.read_only);
}

}  // namespace ashlar
