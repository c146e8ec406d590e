#include "cpp/blobstore/metadata_page.h"

#include <cstring>
#include <utility>

#include "cpp/base/check.h"
#include "cpp/base/crc32c.h"
#include "cpp/base/encoding.h"

namespace ashlar {

namespace {

using format::DescriptorType;
using Bytes = std::span<const uint8_t>;

constexpr size_t kHeaderBytes = sizeof(format::DescriptorHeaderLayout);

Status BadLength(const char* name, size_t length) {
  return Status::Corrupt(std::string(name) + " descriptor has length " + std::to_string(length));
}

Status DecodeExtentRle(Bytes body, std::vector<Descriptor>* out) {
  if (body.empty() || body.size() % 8 != 0) return BadLength("extent RLE", body.size());
  ExtentRleDescriptor rle;
  for (size_t at = 0; at < body.size(); at += 8) {
    rle.runs.push_back({LoadLittle<uint32_t>(&body[at]), LoadLittle<uint32_t>(&body[at + 4])});
  }
  out->emplace_back(std::move(rle));
  return Status::Ok();
}

Status DecodeXattr(Bytes body, bool internal, std::vector<Descriptor>* out) {
  const char* name = internal ? "internal xattr" : "xattr";
  if (body.size() < 4) return BadLength(name, body.size());
  const size_t name_bytes = LoadLittle<uint16_t>(&body[0]);
  const size_t value_bytes = LoadLittle<uint16_t>(&body[2]);
  if (4 + name_bytes + value_bytes != body.size()) {
    return Status::Corrupt(std::string(name) + " descriptor of length " +
                           std::to_string(body.size()) + " holds a name of " +
                           std::to_string(name_bytes) + " and a value of " +
                           std::to_string(value_bytes) + " bytes");
  }
  const char* text = reinterpret_cast<const char*>(body.data()) + 4;
  out->emplace_back(XattrDescriptor{internal, std::string(text, name_bytes),
                                    std::string(text + name_bytes, value_bytes)});
  return Status::Ok();
}

Status DecodeFlags(Bytes body, std::vector<Descriptor>* out) {
  if (body.size() != 24) return BadLength("flags", body.size());
  out->emplace_back(FlagsDescriptor{LoadLittle<uint64_t>(&body[0]), LoadLittle<uint64_t>(&body[8]),
                                    LoadLittle<uint64_t>(&body[16])});
  return Status::Ok();
}

Status DecodeExtentTable(Bytes body, std::vector<Descriptor>* out) {
  if (body.size() < 8 || body.size() % 8 != 0) return BadLength("extent table", body.size());
  ExtentTableDescriptor table;
  table.clusters = LoadLittle<uint64_t>(&body[0]);
  for (size_t at = 8; at < body.size(); at += 8) {
    table.entries.push_back({LoadLittle<uint32_t>(&body[at]), LoadLittle<uint32_t>(&body[at + 4])});
  }
  out->emplace_back(std::move(table));
  return Status::Ok();
}

Status DecodeExtentPage(Bytes body, std::vector<Descriptor>* out) {
  if (body.size() < 8 || body.size() % 4 != 0) return BadLength("extent page", body.size());
  ExtentPageDescriptor extent;
  extent.first_index = LoadLittle<uint32_t>(&body[0]);
  for (size_t at = 4; at < body.size(); at += 4) {
    extent.clusters.push_back(LoadLittle<uint32_t>(&body[at]));
  }
  out->emplace_back(std::move(extent));
  return Status::Ok();
}

Status DecodeDescriptor(uint8_t type, Bytes body, std::vector<Descriptor>* out) {
  switch (static_cast<DescriptorType>(type)) {
    case DescriptorType::kPadding:
      return Status::Ok();
    case DescriptorType::kExtentRle:
      return DecodeExtentRle(body, out);
    case DescriptorType::kXattr:
      return DecodeXattr(body, false, out);
    case DescriptorType::kFlags:
      return DecodeFlags(body, out);
    case DescriptorType::kInternalXattr:
      return DecodeXattr(body, true, out);
    case DescriptorType::kExtentTable:
      return DecodeExtentTable(body, out);
    case DescriptorType::kExtentPage:
      return DecodeExtentPage(body, out);
  }
  out->emplace_back(UnknownDescriptor{
      type, std::string(reinterpret_cast<const char*>(body.data()), body.size())});
  return Status::Ok();
}

// Appends what it can read before the first error.
Status DecodeDescriptors(Bytes area, std::vector<Descriptor>* out) {
  // Fewer bytes than a header at the end cannot be a descriptor.
  while (area.size() >= kHeaderBytes) {
    const uint8_t type = area[0];
    const uint32_t length = LoadLittle<uint32_t>(&area[1]);
    if (type == static_cast<uint8_t>(DescriptorType::kPadding) && length == 0) break;
    area = area.subspan(kHeaderBytes);
    if (length > area.size()) {
      return Status::Corrupt("descriptor of type " + std::to_string(type) + " has length " +
                             std::to_string(length) + ", the page has " +
                             std::to_string(area.size()) + " bytes left");
    }
    ASHLAR_RETURN_IF_ERROR(DecodeDescriptor(type, area.first(length), out));
    area = area.subspan(length);
  }
  return Status::Ok();
}

MetadataPage DecodeHeader(Bytes bytes) {
  using Layout = format::MetadataPageLayout;
  MetadataPage page;
  page.blob = BlobId{LoadLittle<uint64_t>(&bytes[offsetof(Layout, blob_id)])};
  page.sequence = LoadLittle<uint32_t>(&bytes[offsetof(Layout, sequence)]);
  page.reserved = LoadLittle<uint32_t>(&bytes[offsetof(Layout, reserved)]);
  page.next = LoadLittle<uint32_t>(&bytes[offsetof(Layout, next)]);
  return page;
}

Bytes DescriptorArea(Bytes bytes) {
  return bytes.subspan(offsetof(format::MetadataPageLayout, descriptors),
                       format::kDescriptorAreaBytes);
}

// Writes fields one after the other.
class Writer {
 public:
  explicit Writer(uint8_t* at) : at_(at) {}

  template <typename T>
  void Put(T value) {
    StoreLittle<T>(at_, value);
    at_ += sizeof(T);
  }
  void Put(const std::string& bytes) {
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void Header(DescriptorType type, size_t length) {
    Put(static_cast<uint8_t>(type));
    Put(static_cast<uint32_t>(length));
  }

  void operator()(const ExtentRleDescriptor& rle) {
    Header(DescriptorType::kExtentRle, rle.runs.size() * 8);
    for (const ExtentRun& run : rle.runs) {
      Put(run.cluster);
      Put(run.length);
    }
  }
  void operator()(const XattrDescriptor& xattr) {
    Header(xattr.internal ? DescriptorType::kInternalXattr : DescriptorType::kXattr,
           4 + xattr.name.size() + xattr.value.size());
    Put(static_cast<uint16_t>(xattr.name.size()));
    Put(static_cast<uint16_t>(xattr.value.size()));
    Put(xattr.name);
    Put(xattr.value);
  }
  void operator()(const FlagsDescriptor& flags) {
    Header(DescriptorType::kFlags, 24);
    Put(flags.invalid);
    Put(flags.data_read_only);
    Put(flags.metadata_read_only);
  }
  void operator()(const ExtentTableDescriptor& table) {
    Header(DescriptorType::kExtentTable, 8 + table.entries.size() * 8);
    Put(table.clusters);
    for (const ExtentTableEntry& entry : table.entries) {
      Put(entry.page);
      Put(entry.count);
    }
  }
  void operator()(const ExtentPageDescriptor& extent) {
    Header(DescriptorType::kExtentPage, 4 + extent.clusters.size() * 4);
    Put(extent.first_index);
    for (const uint32_t cluster : extent.clusters) Put(cluster);
  }
  void operator()(const UnknownDescriptor& unknown) {
    Put(unknown.type);
    Put(static_cast<uint32_t>(unknown.body.size()));
    Put(unknown.body);
  }

 private:
  uint8_t* at_;
};

struct BodyBytes {
  size_t operator()(const ExtentRleDescriptor& rle) const { return rle.runs.size() * 8; }
  size_t operator()(const XattrDescriptor& x) const { return 4 + x.name.size() + x.value.size(); }
  size_t operator()(const FlagsDescriptor&) const { return 24; }
  size_t operator()(const ExtentTableDescriptor& t) const { return 8 + t.entries.size() * 8; }
  size_t operator()(const ExtentPageDescriptor& e) const { return 4 + e.clusters.size() * 4; }
  size_t operator()(const UnknownDescriptor& unknown) const { return unknown.body.size(); }
};

}  // namespace

size_t EncodedBytes(const Descriptor& descriptor) {
  return kHeaderBytes + std::visit(BodyBytes{}, descriptor);
}

size_t EncodedBytes(const MetadataPage& page) {
  size_t bytes = 0;
  for (const Descriptor& descriptor : page.descriptors) bytes += EncodedBytes(descriptor);
  return bytes;
}

Result<MetadataPage> DecodeMetadataPage(std::span<const uint8_t, kPageBytes> bytes) {
  const uint32_t stored = LoadLittle<uint32_t>(&bytes[format::kCrcOffset]);
  const uint32_t computed = Crc32c(bytes.data(), format::kCrcOffset);
  if (stored != computed) {
    return Status::ChecksumMismatch("checksum is " + std::to_string(stored) +
                                    ", the content gives " + std::to_string(computed));
  }
  MetadataPage page = DecodeHeader(bytes);
  ASHLAR_RETURN_IF_ERROR(DecodeDescriptors(DescriptorArea(bytes), &page.descriptors));
  return page;
}

MetadataPage GuessMetadataPage(std::span<const uint8_t, kPageBytes> bytes) {
  MetadataPage page = DecodeHeader(bytes);
  [[maybe_unused]] const Status first_error =
      DecodeDescriptors(DescriptorArea(bytes), &page.descriptors);
  return page;
}

void EncodeMetadataPage(const MetadataPage& page, std::span<uint8_t, kPageBytes> bytes) {
  using Layout = format::MetadataPageLayout;
  ASHLAR_CHECK(EncodedBytes(page) <= format::kDescriptorAreaBytes);
  std::memset(bytes.data(), 0, bytes.size());
  StoreLittle<uint64_t>(&bytes[offsetof(Layout, blob_id)], page.blob.value);
  StoreLittle<uint32_t>(&bytes[offsetof(Layout, sequence)], page.sequence);
  StoreLittle<uint32_t>(&bytes[offsetof(Layout, reserved)], page.reserved);
  Writer writer(&bytes[offsetof(Layout, descriptors)]);
  for (const Descriptor& descriptor : page.descriptors) std::visit(writer, descriptor);
  StoreLittle<uint32_t>(&bytes[offsetof(Layout, next)], page.next);
  StoreLittle<uint32_t>(&bytes[format::kCrcOffset], Crc32c(bytes.data(), format::kCrcOffset));
}

}  // namespace ashlar
