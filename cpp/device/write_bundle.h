// Adjacent writes that go to the kernel as one.
//
// Fresh pages are given out one behind the other, so the small writes of many callers that meet in
// one turn of a reactor are neighbours on the device. Sent as one vectored write they cost one pass
// through the file system instead of dozens; on a plain file that is worth a factor of ten.
//
// Belongs to one channel. A bundle that fails or comes up short is taken apart and its requests are
// tried one by one, so each gets a result of its own.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "cpp/device/io_request.h"
#include "cpp/device/request_list.h"

namespace ashlar {

class WriteBundle {
 public:
  static constexpr uint32_t kMaxVectors = 128;
  static constexpr uint32_t kMaxBytes = 1u << 20;

  void Start(IoRequest* first) {
    requests_ = RequestList();
    vector_count_ = 0;
    length_bytes_ = 0;
    offset_bytes_ = first->offset_bytes;
    Append(first);
  }

  // Takes the request if it begins where the bundle ends and there is room.
  bool TryAppend(IoRequest* request) {
    if (request->offset_bytes != offset_bytes_ + length_bytes_ || vector_count_ == kMaxVectors ||
        request->length_bytes > kMaxBytes - length_bytes_) {
      return false;
    }
    Append(request);
    return true;
  }

  const iovec* vectors() const { return vectors_.data(); }
  uint32_t vector_count() const { return vector_count_; }
  uint32_t length_bytes() const { return length_bytes_; }
  uint64_t offset_bytes() const { return offset_bytes_; }
  RequestList& requests() { return requests_; }

 private:
  void Append(IoRequest* request) {
    vectors_[vector_count_++] = iovec{request->data, request->length_bytes};
    length_bytes_ += request->length_bytes;
    requests_.PushBack(request);
  }

  RequestList requests_;
  uint64_t offset_bytes_ = 0;
  uint32_t length_bytes_ = 0;
  uint32_t vector_count_ = 0;
  std::array<iovec, kMaxVectors> vectors_;
};

// A fixed number of bundles; when all are in use, writes simply go alone.
class WriteBundlePool {
 public:
  static constexpr size_t kBundles = 32;

  WriteBundlePool() : bundles_(std::make_unique<WriteBundle[]>(kBundles)) {
    free_.reserve(kBundles);
    for (size_t i = 0; i < kBundles; ++i) free_.push_back(&bundles_[i]);
  }

  WriteBundle* Take() {
    if (free_.empty()) return nullptr;
    WriteBundle* bundle = free_.back();
    free_.pop_back();
    return bundle;
  }
  void Give(WriteBundle* bundle) { free_.push_back(bundle); }

 private:
  std::unique_ptr<WriteBundle[]> bundles_;
  std::vector<WriteBundle*> free_;
};

}  // namespace ashlar
