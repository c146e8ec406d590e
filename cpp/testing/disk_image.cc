#include "cpp/testing/disk_image.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cpp/base/check.h"

namespace ashlar {

const uint8_t DiskImage::PageRef::kZeros[kPageBytes] = {};

uint8_t* DiskImage::PageRef::Own() {
  const bool shared = page_ == nullptr || page_->owners.load(std::memory_order_acquire) != 1;
  if (shared) {
    PageRef copy;
    copy.page_ = new Page;
    std::memcpy(copy.page_->bytes, bytes(), kPageBytes);
    std::swap(page_, copy.page_);
  }
  return page_->bytes;
}

DiskImage::DiskImage(uint64_t size_bytes) : pages_(size_bytes / kPageBytes) {
  ASHLAR_CHECK(size_bytes % kPageBytes == 0);
}

DiskImage DiskImage::FromBytes(std::span<const uint8_t> bytes) {
  DiskImage image(bytes.size());
  image.Write(0, bytes);
  return image;
}

Result<DiskImage> DiskImage::FromFile(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) return Status::FromErrno(errno, "open " + path);
  std::vector<uint8_t> bytes;
  uint8_t block[64 * kKiB];
  size_t count;
  while ((count = std::fread(block, 1, sizeof(block), file)) > 0) {
    bytes.insert(bytes.end(), block, block + count);
  }
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed || bytes.size() % kPageBytes != 0) {
    return Status::IoError("read " + path + ": not whole pages, or an error");
  }
  return FromBytes(bytes);
}

void DiskImage::Read(uint64_t offset_bytes, std::span<uint8_t> into) const {
  ASHLAR_CHECK(into.size() <= size_bytes() && offset_bytes <= size_bytes() - into.size());
  while (!into.empty()) {
    const uint64_t in_page = offset_bytes % kPageBytes;
    const size_t length = std::min<size_t>(into.size(), kPageBytes - in_page);
    std::memcpy(into.data(), pages_[offset_bytes / kPageBytes].bytes() + in_page, length);
    into = into.subspan(length);
    offset_bytes += length;
  }
}

void DiskImage::Write(uint64_t offset_bytes, std::span<const uint8_t> from) {
  ASHLAR_CHECK(from.size() <= size_bytes() && offset_bytes <= size_bytes() - from.size());
  while (!from.empty()) {
    const uint64_t in_page = offset_bytes % kPageBytes;
    const size_t length = std::min<size_t>(from.size(), kPageBytes - in_page);
    PageRef& page = pages_[offset_bytes / kPageBytes];
    // Keeps an image of mostly zeros small.
    if (std::memcmp(page.bytes() + in_page, from.data(), length) != 0) {
      std::memcpy(page.Own() + in_page, from.data(), length);
    }
    from = from.subspan(length);
    offset_bytes += length;
  }
}

std::vector<uint8_t> DiskImage::ToBytes() const {
  std::vector<uint8_t> bytes(size_bytes());
  Read(0, bytes);
  return bytes;
}

Status DiskImage::ToFile(const std::string& path) const {
  std::FILE* file = std::fopen(path.c_str(), "wbxe");
  if (file == nullptr) return Status::FromErrno(errno, "create " + path);
  bool written = true;
  for (const PageRef& page : pages_) {
    written = written && std::fwrite(page.bytes(), 1, kPageBytes, file) == kPageBytes;
  }
  written = std::fclose(file) == 0 && written;
  return written ? Status::Ok() : Status::IoError("write " + path);
}

bool DiskImage::operator==(const DiskImage& other) const {
  return pages_.size() == other.pages_.size() &&
         std::equal(pages_.begin(), pages_.end(), other.pages_.begin(),
                    [](const PageRef& a, const PageRef& b) {
                      return a.SharesWith(b) || std::memcmp(a.bytes(), b.bytes(), kPageBytes) == 0;
                    });
}

}  // namespace ashlar
