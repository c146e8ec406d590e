// Pages of the metadata region and the descriptors in them: decoding and encoding. Pure.
//
// Decoding checks the checksum and that every length fits; whether clusters, pages and chains make
// sense together is for those who know the geometry (blob_layout.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ashlar/status.h"
#include "cpp/base/units.h"
#include "cpp/blobstore/format.h"

namespace ashlar {

// `length` clusters from `cluster` on; cluster 0: none are allocated.
struct ExtentRun {
  uint32_t cluster = 0;
  uint32_t length = 0;
  bool operator==(const ExtentRun&) const = default;
};

struct ExtentRleDescriptor {
  std::vector<ExtentRun> runs;
  bool operator==(const ExtentRleDescriptor&) const = default;
};

struct XattrDescriptor {
  bool internal = false;
  std::string name;
  std::string value;
  bool operator==(const XattrDescriptor&) const = default;
};

struct FlagsDescriptor {
  uint64_t invalid = 0;
  uint64_t data_read_only = 0;
  uint64_t metadata_read_only = 0;
  bool operator==(const FlagsDescriptor&) const = default;
};

// `count` extent pages: one at `page`, or as many that are not allocated when it is 0.
struct ExtentTableEntry {
  uint32_t page = 0;
  uint32_t count = 0;
  bool operator==(const ExtentTableEntry&) const = default;
};

struct ExtentTableDescriptor {
  uint64_t clusters = 0;  // of the whole blob
  std::vector<ExtentTableEntry> entries;
  bool operator==(const ExtentTableDescriptor&) const = default;
};

struct ExtentPageDescriptor {
  uint32_t first_index = 0;  // in the blob
  std::vector<uint32_t> clusters;
  bool operator==(const ExtentPageDescriptor&) const = default;
};

// Of a newer version of the format; kept as found.
struct UnknownDescriptor {
  uint8_t type = 0;
  std::string body;
  bool operator==(const UnknownDescriptor&) const = default;
};

using Descriptor = std::variant<ExtentRleDescriptor, XattrDescriptor, FlagsDescriptor,
                                ExtentTableDescriptor, ExtentPageDescriptor, UnknownDescriptor>;

struct MetadataPage {
  BlobId blob;
  uint32_t sequence = 0;
  uint32_t reserved = 0;
  uint32_t next = format::kNoPage;
  std::vector<Descriptor> descriptors;
  bool operator==(const MetadataPage&) const = default;

  bool is_extent_page() const {
    return descriptors.size() == 1 && std::holds_alternative<ExtentPageDescriptor>(descriptors[0]);
  }
};

// Bytes that a descriptor takes in a page, header included.
size_t EncodedBytes(const Descriptor& descriptor);
// Of all descriptors of the page.
size_t EncodedBytes(const MetadataPage& page);

// ChecksumMismatch: rot, or a torn write. Corrupt: a descriptor contradicts itself.
Result<MetadataPage> DecodeMetadataPage(std::span<const uint8_t, kPageBytes> bytes);

// As much as can be read of a page whose checksum is wrong: for deciding what it may have owned,
// for nothing else.
MetadataPage GuessMetadataPage(std::span<const uint8_t, kPageBytes> bytes);

// The descriptors fit: EncodedBytes(page) <= format::kDescriptorAreaBytes.
void EncodeMetadataPage(const MetadataPage& page, std::span<uint8_t, kPageBytes> bytes);

}  // namespace ashlar
