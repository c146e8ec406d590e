#include "cpp/device/huge_pages.h"

#include <dirent.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <string_view>

#include "cpp/base/units.h"

namespace ashlar {

namespace {

uint64_t ReadNumber(const std::string& file) {
  const std::unique_ptr<FILE, int (*)(FILE*)> stream(std::fopen(file.c_str(), "re"), &std::fclose);
  unsigned long long number = 0;
  return stream != nullptr && std::fscanf(stream.get(), "%llu", &number) == 1 ? number : 0;
}

}  // namespace

uint64_t FreeHugePageBytes(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder.c_str()), &closedir);
  if (directory == nullptr) return 0;
  uint64_t bytes = 0;
  while (const dirent* entry = readdir(directory.get())) {
    // "hugepages-2048kB"
    std::string_view name = entry->d_name;
    constexpr std::string_view kPrefix = "hugepages-";
    if (!name.starts_with(kPrefix)) continue;
    name.remove_prefix(kPrefix.size());
    uint64_t page_kib = 0;
    std::from_chars(name.data(), name.data() + name.size(), page_kib);
    bytes += ReadNumber(folder + "/" + entry->d_name + "/free_hugepages") * page_kib * kKiB;
  }
  return bytes;
}

Status CheckHugePages(uint64_t needed_bytes, const std::string& what, const std::string& folder) {
  const uint64_t free_bytes = FreeHugePageBytes(folder);
  if (free_bytes >= needed_bytes) return Status::Ok();
  constexpr uint64_t kHugePageBytes = 2 * kMiB;
  return Status::OutOfMemory(what + " needs " + std::to_string(needed_bytes / kMiB) +
                             " MiB of free huge pages, but " + std::to_string(free_bytes / kMiB) +
                             " MiB are free; make more with sysctl vm.nr_hugepages=" +
                             std::to_string(DivideRoundUp(needed_bytes, kHugePageBytes)) +
                             ", or start without huge pages");
}

}  // namespace ashlar
