// How much of a device chunk data leaves to the metadata that lies on it.
//
// Metadata grows with the chunks and takes clusters like them, so no border is drawn. But a device
// that chunk data has filled must still take removals, and those need clusters: for RocksDB's log,
// for the tables of what it is told to forget, and for compactions, which write the new tables
// before they delete the old ones. That is what the reserve is for. A removal adds some dozen
// bytes, so its size follows from the log, the write buffers and one compaction, which whoever
// opens RocksDB keeps to fractions of it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpp/base/units.h"

namespace ashlar {

// Every file takes a cluster, however short it is: RocksDB has a dozen beside its tables.
inline constexpr uint64_t kMinMetadataReserveClusters = 32;
inline constexpr uint64_t kMaxMetadataReserveBytes = 1 * kGiB;

// Where the metadata itself has become large for its device, a compaction may have to write all of
// it anew: then as much as it has is left to it.
constexpr uint64_t MetadataReserveNow(uint64_t reserve_clusters, uint64_t metadata_clusters,
                                      uint64_t cluster_bytes) {
  return std::max(reserve_clusters,
                  std::min(metadata_clusters, kMaxMetadataReserveBytes / cluster_bytes));
}

// The same for the pages of the blobstore's metadata, which run out first where files are short: a
// file takes two, and one more while it changes.
inline constexpr uint64_t kMetadataReservePages = 3 * kMinMetadataReserveClusters;

// A device of fewer has no room for both.
inline constexpr uint64_t kMinClustersWithMetadata = 96;

// The size of clusters that a device gets when nobody says: such that its files waste little of it.
constexpr uint32_t ClusterBytesFor(uint64_t device_bytes) {
  uint32_t cluster_bytes = 1 << 20;
  while (cluster_bytes > (64 << 10) && device_bytes / cluster_bytes < 256) cluster_bytes /= 2;
  return cluster_bytes;
}

// How many pages the blobstore's metadata gets on a device of few clusters, where files of one
// cluster are the rule. 0: the blobstore's own choice, one for each cluster.
constexpr uint32_t MetadataPagesFor(uint64_t clusters) {
  return clusters > 1024 ? 0 : static_cast<uint32_t>(2 * clusters);
}

// A sixteenth of the device, within those bounds; a third of a device that is very small.
constexpr uint64_t MetadataReserveClusters(uint64_t data_clusters, uint64_t cluster_bytes) {
  const uint64_t share = std::min(data_clusters / 16, kMaxMetadataReserveBytes / cluster_bytes);
  return std::min(std::max(share, kMinMetadataReserveClusters), data_clusters / 3);
}

}  // namespace ashlar
