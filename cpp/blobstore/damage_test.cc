// Rule R7: a bad metadata page costs its blob, nobody else's, and nothing that may be the blob's is
// given out again. Each kind of damage is done to a device that was closed cleanly and to one that
// was not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "cpp/base/encoding.h"
#include "cpp/testing/blobstore_history.h"
#include "cpp/testing/test_blobstore.h"

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint32_t kClusterBytes = 64u << 10;

// Four blobs: two healthy ones, a victim with a chain page and two extent pages, and another with
// a chain page. Everything in a victim's pages is known to the tests.
class Victims {
 public:
  Victims() {
    EXPECT_TRUE(
        store.Format({.cluster_bytes = kClusterBytes, .type = "", .metadata_pages = 64}).ok());
    EXPECT_TRUE(store.Open().ok());
    first = store.Create(3, {{"name", "/first"}}).value();
    victim = store
                 .Create(600, {{"name", "/victim"},
                               {"a", std::string(3000, 'a')},
                               {"b", std::string(3000, 'b')}})
                 .value();
    other = store
                .Create(4, {{"name", "/other"},
                            {"a", std::string(3000, 'a')},
                            {"b", std::string(3000, 'b')}})
                .value();
    last = store.Create(2, {{"name", "/last"}}).value();
    state = StateOf(store.store());
    EXPECT_TRUE(store.Close().ok());
    chain = store.ReadMetadata(victim.root().value).next;
    other_chain = store.ReadMetadata(other.root().value).next;
    for (const Descriptor& it : store.ReadMetadata(chain).descriptors) {
      if (const auto* table = std::get_if<ExtentTableDescriptor>(&it)) {
        extents = {table->entries[0].page, table->entries[1].page};
      }
    }
  }

  // Changes a page and gives it a good checksum again.
  void Edit(uint32_t index, const std::function<void(MetadataPage*)>& change) {
    MetadataPage page = store.ReadMetadata(index);
    change(&page);
    store.WriteMetadata(index, page);
  }
  template <typename T>
  void EditDescriptor(uint32_t index, const std::function<void(T*)>& change) {
    Edit(index, [&](MetadataPage* page) {
      for (Descriptor& it : page->descriptors) {
        if (T* descriptor = std::get_if<T>(&it)) change(descriptor);
      }
    });
  }
  void MarkDirty() {
    SuperBlock super = store.ReadSuper();
    super.clean = 0;
    store.WriteSuper(super);
  }

  TestBlobstore store = TestBlobstore::InMemory(64 * kMiB);
  BlobId first, victim, other, last;
  uint32_t chain = 0, other_chain = 0;
  std::vector<uint32_t> extents;
  BlobstoreState state;
};

struct Damage {
  const char* name;
  std::function<void(Victims&)> apply;
  const char* reason;               // part of the report
  bool both_damaged = false;        // `other`, too
  bool only_clean = false;          // cannot be known after a crash
  bool allocation_refused = false;  // after a crash
};

std::vector<Damage> Damages() {
  return {
      {"RootFlipped",
       [](Victims& v) { v.store.FlipBit(v.store.MetadataOffset(v.victim.root().value) + 60, 1); },
       "checksum"},
      {"RootFlippedInItsId",
       [](Victims& v) { v.store.FlipBit(v.store.MetadataOffset(v.victim.root().value), 5); },
       "checksum", false, false, true},
      {"RootFlippedInItsNextPointer",
       [](Victims& v) { v.store.FlipBit(v.store.MetadataOffset(v.victim.root().value) + 4089, 5); },
       "checksum", false, false, true},
      {"RootOverwritten",
       [](Victims& v) {
         v.store.Write(v.store.MetadataOffset(v.victim.root().value),
                       std::vector<uint8_t>(kPageBytes, 0xa5));
       },
       "checksum", false, false, true},
      {"RootZeroed",
       [](Victims& v) {
         v.store.Write(v.store.MetadataOffset(v.victim.root().value),
                       std::vector<uint8_t>(kPageBytes));
       },
       "empty", false, true},
      {"RootOfAnotherBlobInItsPlace",
       [](Victims& v) {
         v.store.WriteMetadata(v.victim.root().value, v.store.ReadMetadata(v.last.root().value));
       },
       "blob", false, false, true},
      {"ChainFlipped", [](Victims& v) { v.store.FlipBit(v.store.MetadataOffset(v.chain) + 60, 1); },
       "checksum"},
      {"ChainZeroed",
       [](Victims& v) {
         v.store.Write(v.store.MetadataOffset(v.chain), std::vector<uint8_t>(kPageBytes));
       },
       "empty", false, false, true},
      {"ChainPastTheRegion",
       [](Victims& v) { v.Edit(v.victim.root().value, [](MetadataPage* p) { p->next = 64; }); },
       "outside the metadata region", false, false, true},
      {"ChainFarPastTheRegion",
       [](Victims& v) {
         v.Edit(v.victim.root().value, [](MetadataPage* p) { p->next = 0xfffffffe; });
       },
       "outside the metadata region", false, false, true},
      {"ChainToItself",
       [](Victims& v) { v.Edit(v.chain, [&](MetadataPage* p) { p->next = v.chain; }); },
       "in the chain already", false, false, true},
      {"ChainBackToTheRoot",
       [](Victims& v) {
         v.Edit(v.chain, [&](MetadataPage* p) { p->next = v.victim.root().value; });
       },
       "in the chain already", false, false, true},
      {"ChainOfAnotherBlob",
       [](Victims& v) {
         v.Edit(v.victim.root().value, [&](MetadataPage* p) { p->next = v.other_chain; });
       },
       "belongs to blob", false, false, true},
      {"StaleChainPageWithAnotherSequence",
       [](Victims& v) { v.Edit(v.chain, [](MetadataPage* p) { p->sequence = 2; }); },
       "says it is number 2", false, false, true},
      {"ExtentPageFlipped",
       [](Victims& v) { v.store.FlipBit(v.store.MetadataOffset(v.extents[1]) + 60, 1); },
       "checksum", false, false, true},
      {"ExtentPagePastTheRegion",
       [](Victims& v) {
         v.EditDescriptor<ExtentTableDescriptor>(
             v.chain, [](ExtentTableDescriptor* t) { t->entries[1].page = 64; });
       },
       "outside the metadata region", false, false, true},
      {"ExtentPageUsedTwice",
       [](Victims& v) {
         v.EditDescriptor<ExtentTableDescriptor>(
             v.chain, [&](ExtentTableDescriptor* t) { t->entries[1].page = v.extents[0]; });
       },
       "used twice", false, false, true},
      {"ExtentPageMissing",
       [](Victims& v) {
         v.EditDescriptor<ExtentTableDescriptor>(
             v.chain, [](ExtentTableDescriptor* t) { t->entries[1].page = 0; });
       },
       "unallocated extent pages", false, false, true},
      {"ExtentPageRepeated",
       [](Victims& v) {
         v.EditDescriptor<ExtentTableDescriptor>(
             v.chain, [](ExtentTableDescriptor* t) { t->entries[1].count = 4000000000u; });
       },
       "repeated", false, false, true},
      {"ExtentPageIsNone",
       [](Victims& v) {
         v.EditDescriptor<ExtentTableDescriptor>(
             v.chain, [&](ExtentTableDescriptor* t) { t->entries[1].page = v.other_chain; });
       },
       "belongs to blob", false, false, true},
      {"ExtentPagesSwapped",
       [](Victims& v) {
         v.EditDescriptor<ExtentTableDescriptor>(v.chain, [](ExtentTableDescriptor* t) {
           std::swap(t->entries[0].page, t->entries[1].page);
         });
       },
       "for clusters from", false, false, true},
      {"SizeBeyondReason",
       [](Victims& v) {
         v.EditDescriptor<ExtentTableDescriptor>(
             v.chain, [](ExtentTableDescriptor* t) { t->clusters = uint64_t{1} << 60; });
       },
       "of 1152921504606846976", false, true},
      {"ClusterOfTheMetadata",
       [](Victims& v) {
         v.EditDescriptor<ExtentPageDescriptor>(
             v.extents[0], [](ExtentPageDescriptor* e) { e->clusters[7] = 1; });
       },
       "outside the data clusters", false, false, true},
      {"ClusterPastTheEnd",
       [](Victims& v) {
         v.EditDescriptor<ExtentPageDescriptor>(
             v.extents[0], [](ExtentPageDescriptor* e) { e->clusters[7] = 1024; });
       },
       "outside the data clusters", false, false, true},
      {"ClusterZero",
       [](Victims& v) {
         v.EditDescriptor<ExtentPageDescriptor>(
             v.extents[0], [](ExtentPageDescriptor* e) { e->clusters[7] = 0; });
       },
       "unallocated cluster", false, false, true},
      {"ClusterTwiceInTheBlob",
       [](Victims& v) {
         v.EditDescriptor<ExtentPageDescriptor>(
             v.extents[0], [](ExtentPageDescriptor* e) { e->clusters[7] = e->clusters[8]; });
       },
       "in the blob twice", false, false, true},
      {"ClusterOfAnotherBlob",
       [](Victims& v) {
         const uint32_t taken = static_cast<uint32_t>(v.state.at(v.other.value).clusters[2]);
         v.EditDescriptor<ExtentPageDescriptor>(
             v.extents[0], [&](ExtentPageDescriptor* e) { e->clusters[7] = taken; });
       },
       "shares cluster", true},
      {"TwoXattrsOfOneName",
       [](Victims& v) {
         v.EditDescriptor<XattrDescriptor>(v.victim.root().value,
                                           [](XattrDescriptor* x) { x->name = "same"; });
       },
       "two xattrs 'same'", false, false, true},
      {"TwoKindsOfExtents",
       [](Victims& v) {
         v.Edit(v.chain, [](MetadataPage* p) {
           p->descriptors.emplace_back(ExtentRleDescriptor{{{900, 1}}});
         });
       },
       "beside an extent table", false, false, true},
      {"RunLongerThanTheDevice",
       [](Victims& v) {
         v.Edit(v.chain, [](MetadataPage* p) {
           p->descriptors = {ExtentRleDescriptor{{{1000, UINT32_MAX}}}};
         });
       },
       "4294967295 clusters from 1000 on", false, false, true},
      {"ExtentPageDescriptorInTheChain",
       [](Victims& v) {
         v.Edit(v.chain, [](MetadataPage* p) {
           p->descriptors.emplace_back(ExtentPageDescriptor{0, {900}});
         });
       },
       "extent page descriptor in the blob's chain", false, false, true},
  };
}

class DamageTest : public ::testing::TestWithParam<std::tuple<size_t, bool>> {
 protected:
  const Damage damage_ = Damages()[std::get<0>(GetParam())];
  const bool clean_ = std::get<1>(GetParam());

  // Takes all there is, cluster by cluster; none may be one of the damaged blobs.
  void ExpectNothingOfTheDamagedIsGivenOut(Victims& v) {
    std::set<uint64_t> lost;
    for (const DamagedBlob& it : v.store->open_report().damaged) {
      const auto blob = v.state.find(BlobId::FromRoot(it.root).value);
      if (blob == v.state.end()) continue;
      lost.insert(blob->second.clusters.begin(), blob->second.clusters.end());
    }
    ASSERT_FALSE(lost.empty());
    std::set<uint64_t> owned;
    for (const auto& [id, blob] : StateOf(v.store.store())) {
      owned.insert(blob.clusters.begin(), blob.clusters.end());
    }
    uint64_t given = 0;
    const Result<BlobId> taker = v.store.Create(0);
    while (taker.ok()) {
      if (!v.store.Resize(taker.value(), given + 1).ok()) break;
      const uint64_t cluster = v.store->ClusterOf(taker.value(), given).value().value;
      ASSERT_FALSE(lost.contains(cluster)) << "cluster " << cluster;
      ASSERT_TRUE(owned.insert(cluster).second);
      ++given;
    }
    if (v.store->open_report().allocation_refused) {
      ASSERT_EQ(given, 0u);
    } else {
      ASSERT_EQ(v.store->data_clusters(), owned.size() + v.store->open_report().withheld_clusters);
      ASSERT_GT(given, 100u);
    }
    if (taker.ok()) {
      ASSERT_TRUE(v.store.Delete(taker.value()).ok());
    }
  }
};

TEST_P(DamageTest, CostsItsBlobOnly) {
  Victims v;
  damage_.apply(v);
  if (!clean_) v.MarkDirty();
  const Status opened = v.store.Open();
  ASSERT_TRUE(opened.ok()) << opened.ToString();

  const BlobstoreOpenReport& report = v.store->open_report();
  EXPECT_EQ(report.was_clean, clean_);
  ASSERT_EQ(report.damaged.size(), damage_.both_damaged ? 2u : 1u);
  EXPECT_EQ(report.damaged[0].root, v.victim.root());
  EXPECT_THAT(report.damaged[0].reason, HasSubstr(damage_.reason));
  EXPECT_EQ(report.allocation_refused, damage_.allocation_refused && !clean_);

  BlobstoreState expected = v.state;
  expected.erase(v.victim.value);
  if (damage_.both_damaged) expected.erase(v.other.value);
  EXPECT_EQ(StateOf(v.store.store()), expected);
  EXPECT_EQ(v.store->Info(v.victim).status().code(), StatusCode::kNotFound);
  if (!report.allocation_refused) {
    EXPECT_GE(report.withheld_clusters, 599u);
  }
  EXPECT_NE(v.store.Check(), "") << "the checker must see it, too";
  ExpectNothingOfTheDamagedIsGivenOut(v);

  // The rest can be changed; the damage is still known after a close and after a crash.
  ASSERT_TRUE(v.store.SetXattrAndSync(v.first, "name", "/renamed").ok());
  expected[v.first.value].xattrs["name"] = "/renamed";
  for (const bool close : {true, false}) {
    if (close) {
      ASSERT_TRUE(v.store.Close().ok());
    }
    ASSERT_TRUE(v.store.Open().ok());
    EXPECT_EQ(StateOf(v.store.store()), expected);
    EXPECT_EQ(v.store->open_report().damaged.size(), damage_.both_damaged ? 2u : 1u);
    ExpectNothingOfTheDamagedIsGivenOut(v);
    if (damage_.only_clean) break;  // after the crash nothing is left to see
  }
}

std::vector<std::tuple<size_t, bool>> DamageCases() {
  std::vector<std::tuple<size_t, bool>> cases;
  for (size_t i = 0; i < Damages().size(); ++i) {
    cases.push_back({i, true});
    if (!Damages()[i].only_clean) cases.push_back({i, false});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, DamageTest, ::testing::ValuesIn(DamageCases()),
                         [](const auto& param) {
                           return std::string(Damages()[std::get<0>(param.param)].name) +
                                  (std::get<1>(param.param) ? "Clean" : "Dirty");
                         });

TEST(MaskTest, MasksThatContradictTheMetadataAreNotBelieved) {
  for (int mask = 0; mask < 3; ++mask) {
    for (const bool set : {false, true}) {
      Victims v;
      const SuperBlock super = v.store.ReadSuper();
      const PageRange ranges[] = {super.used_page_mask, super.used_cluster_mask,
                                  super.used_blobid_mask};
      // Page, cluster or root of the first blob, or the last of all.
      const uint64_t used = mask == 1 ? v.state.at(v.first.value).clusters[0] : 0;
      const uint64_t unused = mask == 1 ? 1000 : 60;
      const uint64_t bit = set ? unused : used;
      v.store.FlipBit(ranges[mask].offset_bytes() + 5 + bit / 8, bit % 8);
      ASSERT_TRUE(v.store.Open().ok());
      // A blobid of an empty page reads like a root that was lost.
      const bool lost_root = mask == 2 && set;
      EXPECT_EQ(v.store->open_report().was_clean, lost_root);
      EXPECT_EQ(v.store->open_report().masks_distrusted.empty(), lost_root);
      EXPECT_EQ(v.store->open_report().damaged.empty(), !lost_root);
      EXPECT_EQ(StateOf(v.store.store()), v.state);
      EXPECT_EQ(v.store->free_clusters() + 3 + 600 + 4 + 2, v.store->data_clusters());
      ASSERT_TRUE(v.store.Create(5).ok());
      ASSERT_TRUE(v.store.Close().ok());
      EXPECT_EQ(v.store.Check().empty(), !lost_root);
    }
  }
}

TEST(MaskTest, AMaskOfAnotherTypeIsNotBelieved) {
  Victims v;
  v.store.FlipBit(v.store.ReadSuper().used_cluster_mask.offset_bytes(), 1);
  ASSERT_TRUE(v.store.Open().ok());
  EXPECT_FALSE(v.store->open_report().was_clean);
  EXPECT_THAT(v.store->open_report().masks_distrusted, HasSubstr("type 3 instead of 1"));
  EXPECT_EQ(StateOf(v.store.store()), v.state);
}

// Torn and stale pages that no root refers to are what crashes leave; they mean nothing.
TEST(LeftoverTest, TornAndStalePagesWithoutARootAreIgnored) {
  Victims v;
  MetadataPage stale = v.store.ReadMetadata(v.chain);
  v.store.WriteMetadata(40, stale);
  v.store.WriteMetadata(41, stale);
  v.store.FlipBit(v.store.MetadataOffset(41) + 3000, 1);
  v.store.WriteMetadata(42, v.store.ReadMetadata(v.extents[0]));
  v.store.WriteMetadata(43, v.store.ReadMetadata(v.extents[0]));
  v.store.FlipBit(v.store.MetadataOffset(43) + 3000, 1);
  std::vector<uint8_t> tail(512, 7);
  v.store.Write(v.store.MetadataOffset(44) + 2048, tail);
  v.MarkDirty();
  ASSERT_TRUE(v.store.Open().ok());
  EXPECT_THAT(v.store->open_report().damaged, IsEmpty());
  EXPECT_EQ(v.store->open_report().withheld_clusters, 0u);
  EXPECT_EQ(StateOf(v.store.store()), v.state);
}

// Blobs with features of SPDK that are not used here.
struct Feature {
  const char* name;
  std::function<void(MetadataPage*)> apply;
  BlobAccess access;
};

class FeatureTest : public ::testing::TestWithParam<size_t> {};

template <typename Change>
std::function<void(MetadataPage*)> Flags(Change change) {
  return [change](MetadataPage* page) { change(&std::get<FlagsDescriptor>(page->descriptors[0])); };
}

std::vector<Feature> Features() {
  return {
      {"Thin", Flags([](FlagsDescriptor* f) { f->invalid |= format::kThin; }),
       BlobAccess::kRefused},
      {"ExternalSnapshot",
       Flags([](FlagsDescriptor* f) { f->invalid |= format::kExternalSnapshot; }),
       BlobAccess::kRefused},
      {"UnknownInvalidFlag", Flags([](FlagsDescriptor* f) { f->invalid |= 1ull << 40; }),
       BlobAccess::kRefused},
      {"Snapshot", Flags([](FlagsDescriptor* f) { f->data_read_only |= format::kReadOnlyData; }),
       BlobAccess::kReadOnly},
      {"UnknownDataFlag", Flags([](FlagsDescriptor* f) { f->data_read_only |= 2; }),
       BlobAccess::kReadOnly},
      {"InternalXattr",
       [](MetadataPage* page) {
         std::get<FlagsDescriptor>(page->descriptors[0]).invalid |= format::kInternalXattrs;
         page->descriptors.emplace_back(XattrDescriptor{true, "SNAP", "12345678"});
       },
       BlobAccess::kReadOnly},
      {"UnknownMetadataFlag", Flags([](FlagsDescriptor* f) { f->metadata_read_only |= 4; }),
       BlobAccess::kMetadataReadOnly},
      {"UnknownDescriptor",
       [](MetadataPage* page) {
         page->descriptors.emplace_back(UnknownDescriptor{77, "new"});
       },
       BlobAccess::kMetadataReadOnly},
      {"ClearMethod", Flags([](FlagsDescriptor* f) { f->metadata_read_only |= 3; }),
       BlobAccess::kReadWrite},
  };
}

TEST_P(FeatureTest, IsRecognisedAndItsBlobNotHarmed) {
  const Feature feature = Features()[GetParam()];
  for (const bool clean : {true, false}) {
    Victims v;
    v.Edit(v.first.root().value, feature.apply);
    if (!clean) v.MarkDirty();
    ASSERT_TRUE(v.store.Open().ok());
    EXPECT_THAT(v.store->open_report().damaged, IsEmpty());
    EXPECT_EQ(v.store->open_report().was_clean, clean);
    const BlobInfo info = v.store->Info(v.first).value();
    EXPECT_EQ(info.access, feature.access);
    EXPECT_EQ(info.access_reason.empty(), feature.access == BlobAccess::kReadWrite);
    EXPECT_EQ(v.store->GetXattr(v.first, "name").value(), "/first");
    const bool writable = feature.access == BlobAccess::kReadWrite;
    const StatusCode expected = writable ? StatusCode::kOk : StatusCode::kReadOnly;
    const bool addressable = feature.access != BlobAccess::kRefused;
    EXPECT_EQ(v.store->ClusterOf(v.first, 0).status().code(),
              addressable ? StatusCode::kOk : StatusCode::kNotSupported);
    EXPECT_EQ(v.store->ClustersOf(v.first).ok(), addressable);
    EXPECT_EQ(v.store->SetXattr(v.first, "a", "b").code(), expected);
    EXPECT_EQ(v.store.Sync(v.first).code(), expected);
    EXPECT_EQ(v.store.Resize(v.first, 5).code(), expected);
    // Its clusters are not given out, and it survives a close.
    const MetadataPage before = v.store.ReadMetadata(v.first.root().value);
    const BlobId all = v.store.Create(v.store->free_clusters()).value();
    const auto all_clusters = v.store->ClustersOf(all);
    for (const ClusterIndex cluster : all_clusters.value()) {
      for (const uint64_t own : v.state.at(v.first.value).clusters) {
        ASSERT_NE(cluster.value, own);
      }
    }
    ASSERT_TRUE(v.store.Close().ok());
    ASSERT_TRUE(v.store.Open().ok());
    EXPECT_TRUE(v.store->open_report().was_clean);
    EXPECT_EQ(v.store.ReadMetadata(v.first.root().value), before);
    EXPECT_EQ(v.store.Delete(v.first).code(), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(All, FeatureTest, ::testing::Range(size_t{0}, Features().size()),
                         [](const auto& param) { return Features()[param.param].name; });

// Blobs with run-length-encoded extents, which SPDK writes when told to.
TEST(RleTest, AreReadAndWrittenAsSuch) {
  Victims v;
  const auto clusters = v.state.at(v.other.value).clusters;
  const uint32_t first = static_cast<uint32_t>(clusters[0]);
  v.EditDescriptor<FlagsDescriptor>(v.other.root().value,
                                    [](FlagsDescriptor* f) { f->invalid = 0; });
  v.Edit(v.other_chain, [&](MetadataPage* page) {
    page->descriptors.back() = ExtentRleDescriptor{{{first, 4}}};
  });
  v.MarkDirty();
  ASSERT_TRUE(v.store.Open().ok());
  EXPECT_EQ(StateOf(v.store.store()), v.state);
  ASSERT_TRUE(v.store.Resize(v.first, 2).ok());
  ASSERT_TRUE(v.store.Resize(v.other, 7).ok());
  const BlobstoreState state = StateOf(v.store.store());
  ASSERT_TRUE(v.store.Close().ok());
  EXPECT_EQ(v.store.Check(), "");
  ASSERT_TRUE(v.store.Open().ok());
  EXPECT_TRUE(v.store->open_report().was_clean);
  EXPECT_EQ(StateOf(v.store.store()), state);
  bool has_rle = false;
  const uint32_t chain = v.store.ReadMetadata(v.other.root().value).next;
  for (const Descriptor& it : v.store.ReadMetadata(chain).descriptors) {
    has_rle = has_rle || std::holds_alternative<ExtentRleDescriptor>(it);
  }
  EXPECT_TRUE(has_rle);
}

// SPDK overwrites extent pages in place; a crash of its before the root leaves them longer, or
// shorter, than the root says.
TEST(SpdkCrashTest, ExtentPagesThatRanAheadOfTheRootAreCutToWhatBothSay) {
  for (const bool longer : {true, false}) {
    Victims v;
    const auto clusters = v.state.at(v.first.value).clusters;
    uint32_t extent_page = 0;
    v.EditDescriptor<ExtentTableDescriptor>(
        v.first.root().value,
        [&](ExtentTableDescriptor* table) { extent_page = table->entries[0].page; });
    v.EditDescriptor<ExtentPageDescriptor>(extent_page, [&](ExtentPageDescriptor* extent) {
      if (longer) {
        extent->clusters.push_back(1000);
      } else {
        extent->clusters.pop_back();
      }
    });
    v.MarkDirty();
    ASSERT_TRUE(v.store.Open().ok());
    EXPECT_THAT(v.store->open_report().damaged, IsEmpty());
    BlobstoreState expected = v.state;
    if (!longer) expected[v.first.value].clusters.pop_back();
    EXPECT_EQ(StateOf(v.store.store()), expected);
    ASSERT_TRUE(v.store.Close().ok());
    EXPECT_EQ(v.store.Check(), "") << "made whole at close";
    ASSERT_TRUE(v.store.Open().ok());
    EXPECT_TRUE(v.store->open_report().was_clean);
    EXPECT_EQ(StateOf(v.store.store()), expected);
  }
}

}  // namespace
}  // namespace ashlar
