// An op slot: one data-path operation in memory shared with Java. The same layout stands in
// dev.ashlar.internal.OpSlotLayout; Native.layout() lets Java compare the two at start.
//
// Java owns a slot while it is free or being filled, the reactor from the moment its number is in a
// submit ring until its number is in the completion ring. No field is touched by both at once.
//
// An operation stays within one segment: at most 256 consecutive pages of a chunk.
//
//   kRead   in: address, page_count, head_offset, length, locations[], crcs[] (one per page)
//           out: the bytes at `address`; pages that are holes give zeros
//   kWrite  in: address, page_count, head_offset, length; the old location and CRC of the first and
//   of
//           the last page where the write covers them only in part (a hole: zeros)
//           out: locations[], crcs[] of the fresh pages, one per page
//   kFree   in: page_count runs: run i is crcs[i] pages from locations[i]
//   kFlush  every write whose completion Java has seen is durable when it completes
#pragma once

#include <cstddef>
#include <cstdint>

namespace ashlar {

inline constexpr uint32_t kSegmentPages = 256;

enum class OpCode : uint32_t { kRead = 1, kWrite = 2, kFree = 3, kFlush = 4 };

// All integers little-endian; byte offsets in the comments.
struct OpSlot {
  uint64_t store;              //   0  handle of the store
  uint64_t address;            //   8  native address of the caller's first byte; any alignment
  uint32_t opcode;             //  16
  uint32_t page_count;         //  20  1 to 256 (kFree: number of runs, 1 to 256)
  uint32_t head_offset_bytes;  //  24  of the first byte within the first page, 0 to 4095
  uint32_t length_bytes;       //  28  bytes at `address`
  uint64_t old_head_location;  //  32  PageAddress, or the hole value
  uint64_t old_tail_location;  //  40  last page; used when page_count > 1
  uint32_t old_head_crc;       //  48
  uint32_t old_tail_crc;       //  52
  int32_t status;              //  56  out: 0 or the negative of a StatusCode
  int32_t sys_errno;           //  60  out: errno behind it, or 0
  uint64_t failed_location;    //  64  out: page at fault of a checksum or I/O error
  uint64_t failed_offset;      //  72  out: its byte offset on the device
  uint32_t failed_page;        //  80  out: its index in this operation
  uint32_t expected_crc;       //  84  out: of a checksum error
  uint32_t actual_crc;         //  88  out
  uint32_t reserved[9];        //  92
  uint64_t locations[kSegmentPages];  //  128
  uint32_t crcs[kSegmentPages];       // 2176
};

static_assert(offsetof(OpSlot, opcode) == 16 && offsetof(OpSlot, old_head_location) == 32);
static_assert(offsetof(OpSlot, status) == 56 && offsetof(OpSlot, failed_page) == 80);
static_assert(offsetof(OpSlot, locations) == 128 && offsetof(OpSlot, crcs) == 2176);
static_assert(sizeof(OpSlot) == 3200 && alignof(OpSlot) == 8);

}  // namespace ashlar
