#include "cpp/device/file_geometry.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/units.h"
#include "cpp/device/unique_fd.h"

namespace ashlar {

namespace {

constexpr uint32_t kMinSectorBytes = 512;

// A number from the queue folder of a block device in sysfs, or 0. A partition has its disk's.
uint64_t BlockQueueLimit(dev_t device, const char* name) {
  const std::string folder =
      "/sys/dev/block/" + std::to_string(major(device)) + ":" + std::to_string(minor(device)) + "/";
  for (const char* queue : {"queue/", "../queue/"}) {
    const UniqueFd fd(open((folder + queue + name).c_str(), O_RDONLY | O_CLOEXEC));
    char text[32] = {};
    if (fd.valid() && read(fd.get(), text, sizeof(text) - 1) > 0) {
      return std::strtoull(text, nullptr, 10);
    }
  }
  return 0;
}

Status MeasureSize(int fd, const struct stat& file, const DeviceSpec& spec, DeviceInfo* info) {
  uint64_t size = static_cast<uint64_t>(file.st_size);
  if (S_ISBLK(file.st_mode) && ioctl(fd, BLKGETSIZE64, &size) != 0) {
    return Status::FromErrno(errno, "size of block device '" + spec.path + "'");
  }
  if (spec.size_bytes > size) {
    return Status::InvalidArgument("'" + spec.path + "' holds " + std::to_string(size) +
                                   " bytes, fewer than the " + std::to_string(spec.size_bytes) +
                                   " asked for; it was cut short, or the size is wrong");
  }
  info->size_bytes = spec.size_bytes != 0 ? spec.size_bytes : RoundDown(size, kPageBytes);
  if (info->size_bytes < kPageBytes) {
    return Status::InvalidArgument("'" + spec.path + "' holds " + std::to_string(size) +
                                   " bytes; a device needs at least " + std::to_string(kPageBytes));
  }
  return Status::Ok();
}

bool SetDirectIo(int fd, bool direct) {
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && fcntl(fd, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

// Whether a read of `length_bytes` at that offset, into memory aligned to it and to no more, is
// accepted. A medium error is not a refusal.
bool AcceptsDirectRead(int fd, uint32_t length_bytes, uint64_t offset_bytes) {
  AlignedBuffer buffer(2 * kPageBytes);
  if (!buffer.valid()) return false;
  uint8_t* data = buffer.data() + length_bytes % kPageBytes;
  ssize_t moved;
  do {
    moved = pread(fd, data, length_bytes, static_cast<off_t>(offset_bytes));
  } while (moved < 0 && errno == EINTR);
  return moved >= 0 || errno != EINVAL;
}

struct DirectIoGeometry {
  uint32_t sector_bytes;
  uint32_t memory_alignment;
};

// False when the file system refuses direct I/O, or wants more than pages for it.
bool FindDirectIoGeometry(int fd, DirectIoGeometry* found) {
  DirectIoGeometry geometry{kPageBytes, kPageBytes};
#ifdef STATX_DIOALIGN
  struct statx extended;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &extended) == 0 &&
      (extended.stx_mask & STATX_DIOALIGN) != 0) {
    if (extended.stx_dio_offset_align == 0) return false;
    geometry = {extended.stx_dio_offset_align, extended.stx_dio_mem_align};
  } else
#endif
      if (AcceptsDirectRead(fd, kMinSectorBytes, kMinSectorBytes)) {
    geometry = {kMinSectorBytes, kMinSectorBytes};
  }
  // Only the two sector sizes; and no memory alignment below 512, which some drivers understate.
  found->sector_bytes = geometry.sector_bytes <= kMinSectorBytes ? kMinSectorBytes : kPageBytes;
  found->memory_alignment = std::max(geometry.memory_alignment, kMinSectorBytes);
  return geometry.sector_bytes <= kPageBytes && found->memory_alignment <= kPageBytes &&
         std::has_single_bit(found->memory_alignment) && AcceptsDirectRead(fd, kPageBytes, 0);
}

// Direct if wanted and possible, else through the page cache, which asks for no alignment.
Status ChooseIoPath(int fd, const DeviceSpec& spec, DeviceInfo* info) {
  DirectIoGeometry geometry;
  if (spec.use_direct_io && SetDirectIo(fd, true)) {
    if (FindDirectIoGeometry(fd, &geometry)) {
      info->direct_io = true;
      info->sector_bytes = geometry.sector_bytes;
      info->memory_alignment = geometry.memory_alignment;
      return Status::Ok();
    }
    if (!SetDirectIo(fd, false)) {
      return Status::FromErrno(errno, "clear O_DIRECT of '" + spec.path + "'");
    }
  }
  info->direct_io = false;
  info->sector_bytes = kMinSectorBytes;
  info->memory_alignment = 1;
  return Status::Ok();
}

Status MeasureBlockDevice(int fd, const DeviceSpec& spec, const struct stat& device,
                          DeviceInfo* info) {
  int logical = 0;
  if (ioctl(fd, BLKSSZGET, &logical) != 0) {
    return Status::FromErrno(errno, "sector size of block device '" + spec.path + "'");
  }
  if (logical != static_cast<int>(kMinSectorBytes) && logical != static_cast<int>(kPageBytes)) {
    return Status::NotSupported("block device '" + spec.path + "' has sectors of " +
                                std::to_string(logical) + " bytes; 512 and 4096 are supported");
  }
  info->sector_bytes = static_cast<uint32_t>(logical);
  info->memory_alignment = info->direct_io ? std::max(info->memory_alignment, kMinSectorBytes) : 1;
  // A partition that starts within a physical sector has no page that is one.
  unsigned physical = 0;
  int misalignment = 0;
  const bool physical_is_known = ioctl(fd, BLKPBSZGET, &physical) == 0 &&
                                 ioctl(fd, BLKALIGNOFF, &misalignment) == 0 && misalignment == 0;
  info->atomic_write_bytes =
      physical_is_known && physical >= kPageBytes ? kPageBytes : info->sector_bytes;
  // IORING_OP_FALLOCATE and fallocate(2) punch holes in a block device by writing zeroes, which
  // is a discard only where the drive does it by itself.
  info->can_discard =
      !spec.read_only && BlockQueueLimit(device.st_rdev, "write_zeroes_max_bytes") > 0;
  return Status::Ok();
}

void MeasurePlainFile(int fd, const DeviceSpec& spec, const struct stat& file, DeviceInfo* info) {
  // Known to be whole only where the drive below cannot write less than a page. A file system over
  // several drives, or over none, shows no block device here.
  const bool page_is_one_sector =
      info->direct_io && BlockQueueLimit(file.st_dev, "logical_block_size") >= kPageBytes;
  info->atomic_write_bytes = page_is_one_sector ? kPageBytes : kMinSectorBytes;
  info->records_first_writes = info->direct_io;
  // Behind the end of the file there is nothing to lose by asking.
  info->can_discard =
      !spec.read_only &&
      fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                static_cast<off_t>(RoundUp(static_cast<uint64_t>(file.st_size), kPageBytes)),
                kPageBytes) == 0;
}

}  // namespace

Status MeasureFile(int fd, const DeviceSpec& spec, DeviceInfo* info) {
  struct stat file;
  if (fstat(fd, &file) != 0) return Status::FromErrno(errno, "fstat of '" + spec.path + "'");
  info->name = spec.path;
  info->volatile_cache = true;
  ASHLAR_RETURN_IF_ERROR(MeasureSize(fd, file, spec, info));
  ASHLAR_RETURN_IF_ERROR(ChooseIoPath(fd, spec, info));
  if (S_ISBLK(file.st_mode)) return MeasureBlockDevice(fd, spec, file, info);
  MeasurePlainFile(fd, spec, file, info);
  return Status::Ok();
}

}  // namespace ashlar
