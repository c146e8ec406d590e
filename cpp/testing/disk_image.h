// The content of a simulated device: sparse, and cheap to copy, because a crash test makes
// thousands of images that differ in a few pages.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/status.h"
#include "cpp/base/units.h"

namespace ashlar {

// A value: copies share their pages until one of them writes. Distinct images may be used from
// distinct threads, one image from one thread at a time.
class DiskImage {
 public:
  // All zeros. size_bytes is a multiple of 4096.
  explicit DiskImage(uint64_t size_bytes);
  static DiskImage FromBytes(std::span<const uint8_t> bytes);
  static Result<DiskImage> FromFile(const std::string& path);

  uint64_t size_bytes() const { return pages_.size() * uint64_t{kPageBytes}; }

  // The range lies within the image.
  void Read(uint64_t offset_bytes, std::span<uint8_t> into) const;
  void Write(uint64_t offset_bytes, std::span<const uint8_t> from);

  std::vector<uint8_t> ToBytes() const;
  // For looking at a failure with other tools; the file must not exist.
  Status ToFile(const std::string& path) const;

  bool operator==(const DiskImage& other) const;

 private:
  struct Page {
    std::atomic<uint32_t> owners{1};
    uint8_t bytes[kPageBytes] = {};
  };

  // Null stands for a page of zeros.
  class PageRef {
   public:
    PageRef() = default;
    PageRef(const PageRef& other) : page_(other.page_) {
      if (page_ != nullptr) page_->owners.fetch_add(1, std::memory_order_relaxed);
    }
    PageRef(PageRef&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}
    PageRef& operator=(PageRef other) noexcept {
      std::swap(page_, other.page_);
      return *this;
    }
    ~PageRef() {
      if (page_ != nullptr && page_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        delete page_;
      }
    }

    const uint8_t* bytes() const { return page_ != nullptr ? page_->bytes : kZeros; }
    bool SharesWith(const PageRef& other) const { return page_ == other.page_; }
    // The bytes, of a page that nobody else sees.
    uint8_t* Own();

   private:
    static const uint8_t kZeros[kPageBytes];
    Page* page_ = nullptr;
  };

  std::vector<PageRef> pages_;
};

}  // namespace ashlar
