// What a blobstore must hold after a power cut, and whether it does.
//
// A test runs operations one after the other on a crash device and records the state that each
// promised. A power cut between the ends of operation k and k + 1 must leave the state after k, or
// that after k + 1, in every detail.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cpp/blobstore/blobstore.h"
#include "cpp/testing/crash_device.h"

namespace ashlar {

struct BlobState {
  std::map<std::string, std::string> xattrs;
  std::vector<uint64_t> clusters;
  bool operator==(const BlobState&) const = default;
};

using BlobstoreState = std::map<uint64_t, BlobState>;  // by blob id

// As the getters say.
BlobstoreState StateOf(const Blobstore& store);
// "" when they are equal.
std::string Difference(const BlobstoreState& expected, const BlobstoreState& found);

class BlobstoreHistory {
 public:
  explicit BlobstoreHistory(CrashDevice* device) : device_(device) {}

  // An operation has finished; `closed`: it was a clean close. The first call is for the state that
  // is durable before all operations.
  void Record(BlobstoreState state, bool closed = false);

  // "" or what is wrong with this image: it does not open, opens damaged or with masks that it must
  // distrust, holds a state that was not promised, counts space wrongly, fails the checker, or
  // cannot be written and closed afterwards.
  std::string Check(const PowerCut& cut) const;

  // All power cuts from the first record on; stops at the first violation and says which it was.
  std::string CheckAll(uint64_t seed, size_t images) const;
  // How many images CheckAll has looked at so far, in this process.
  static size_t images_checked() { return images_checked_; }

 private:
  struct Entry {
    size_t position;
    BlobstoreState state;
    bool closed;
  };

  std::string CheckOpen(const PowerCut& cut, Blobstore& store) const;

  CrashDevice* device_;
  std::vector<Entry> entries_;
  static size_t images_checked_;
};

}  // namespace ashlar
