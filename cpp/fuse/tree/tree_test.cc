#include "cpp/fuse/tree/tree.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "cpp/base/units.h"
#include "cpp/fuse/tree/status_errno.h"
#include "cpp/testing/test_fs.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

class TreeTest : public testing::Test {
 protected:
  TreeTest() {
    EXPECT_TRUE(fs_.Format().ok());
    Remount();
  }
  ~TreeTest() override { tree_.reset(); }

  void Remount() {
    tree_.reset();
    tree_ = std::make_unique<Tree>(fs_.fs());
  }

  OpenFile* MustCreate(NodeId parent, std::string_view name, int flags = O_WRONLY) {
    const Result<Tree::Created> created = tree_->Create(parent, name, flags);
    EXPECT_TRUE(created.ok()) << created.status().ToString();
    return created.ok() ? created.value().file : nullptr;
  }
  void Put(NodeId parent, std::string_view name, std::string_view content) {
    OpenFile* file = MustCreate(parent, name);
    EXPECT_TRUE(tree_->Write(*file, 0, AsBytes(content)).ok());
    EXPECT_TRUE(tree_->Sync(*file).ok());
    tree_->Release(file);
  }
  std::string Get(OpenFile& file) {
    std::string content(1 << 20, '\0');
    const Result<size_t> length =
        tree_->Read(file, 0, {reinterpret_cast<uint8_t*>(content.data()), content.size()});
    return length.ok() ? content.substr(0, length.value()) : length.status().ToString();
  }
  NodeId MustFind(NodeId parent, std::string_view name) {
    const Result<FoundNode> found = tree_->Lookup(parent, name);
    EXPECT_TRUE(found.ok()) << name << ": " << found.status().ToString();
    return found.ok() ? found.value().node : NodeId();
  }
  int Errno(const Status& status) { return ErrnoOf(status); }
  std::string Names(NodeId folder) {
    const Result<std::vector<ListedName>> listed = tree_->List(folder);
    if (!listed.ok()) return listed.status().ToString();
    std::string names;
    for (const ListedName& one : listed.value()) {
      names += one.name + (one.is_folder ? "/ " : " ");
    }
    return names;
  }

  TestFs fs_{TestFs::NewMemory(16 * kMiB)};
  std::unique_ptr<Tree> tree_;
};

TEST_F(TreeTest, NamesWithSlashesAreFolders) {
  ASSERT_TRUE(fs_.Put("/db/sst/1", "one").ok());
  ASSERT_TRUE(fs_.Put("/top", "t").ok());
  EXPECT_EQ(Names(kRootNode), "./ ../ db/ top ");
  const NodeId db = MustFind(kRootNode, "db");
  EXPECT_EQ(Names(db), "./ ../ sst/ ");
  const NodeId file = MustFind(MustFind(db, "sst"), "1");
  EXPECT_EQ(tree_->Stat(file).value().size_bytes, 3u);
  EXPECT_EQ(Errno(tree_->Lookup(kRootNode, "none").status()), ENOENT);
  EXPECT_EQ(Errno(tree_->Lookup(file, "x").status()), ENOTDIR);
}

TEST_F(TreeTest, WhereANameIsBothTheFolderIsShownOnce) {
  for (const char* name : {"/a", "/a-", "/a/b"}) ASSERT_TRUE(fs_.Put(name, "x").ok());
  EXPECT_EQ(Names(kRootNode), "./ ../ a- a/ ");
  EXPECT_TRUE(tree_->Lookup(kRootNode, "a").value().attributes.is_folder);
}

TEST_F(TreeTest, BytesAreWrittenAnywhere) {
  OpenFile* file = MustCreate(kRootNode, "f", O_RDWR);
  ASSERT_TRUE(tree_->Write(*file, 0, AsBytes("hello")).ok());
  ASSERT_TRUE(tree_->Sync(*file).ok());
  ASSERT_TRUE(tree_->Write(*file, 0, AsBytes("j")).ok());
  ASSERT_TRUE(tree_->Write(*file, 4, AsBytes("y!")).ok());
  EXPECT_EQ(Get(*file), "jelly!");
  tree_->Release(file);
  EXPECT_EQ(fs_.Get("/f"), "jelly!");
}

TEST_F(TreeTest, LogsOfRocksDbAreLogsUntilTheyAreOverwritten) {
  for (const bool exclusive : {false, true}) {
    const std::string name = exclusive ? "MANIFEST-000001" : "000002.log";
    OpenFile* file = MustCreate(kRootNode, name, O_RDWR | (exclusive ? O_EXCL : 0));
    EXPECT_EQ(file->file->kind(), FileKind::kLog);
    ASSERT_TRUE(tree_->WriteBack(*file, 0, AsBytes("01234")).ok());
    ASSERT_TRUE(tree_->Sync(*file).ok());
    ASSERT_TRUE(tree_->WriteBack(*file, 0, AsBytes("0123456789")).ok());
    EXPECT_EQ(file->file->kind(), FileKind::kLog);
    OpenFile* reader = tree_->Open(file->node, O_RDONLY).value();
    ASSERT_TRUE(tree_->WriteBack(*file, 3, AsBytes("!?")).ok());
    EXPECT_EQ(reader->file->kind(), FileKind::kData);
    EXPECT_EQ(Get(*reader), "012!?56789");
    tree_->Release(file);
    tree_->Release(reader);
    EXPECT_EQ(fs_.Get("/" + name), "012!?56789");
  }
  EXPECT_EQ(MustCreate(kRootNode, "LOG", O_RDWR)->file->kind(), FileKind::kData);
}

// Rule R10: the program that wrote them believes they are there.
TEST_F(TreeTest, LostPagesAreToldAtEverySync) {
  OpenFile* file = MustCreate(kRootNode, "f", O_RDWR);
  const NodeId node = file->node;
  ASSERT_TRUE(tree_->WriteBack(*file, 0, AsBytes("kept")).ok());
  ASSERT_TRUE(tree_->Sync(*file).ok());
  EXPECT_EQ(Errno(tree_->WriteBack(*file, 64 * kMiB, AsBytes("lost"))), ENOSPC);
  ASSERT_TRUE(tree_->WriteBack(*file, 4, AsBytes(", too")).ok());
  OpenFile* reader = tree_->Open(node, O_RDONLY).value();
  EXPECT_FALSE(reader->keep_cache);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Errno(tree_->Sync(*file)), ENOSPC);
    EXPECT_EQ(Errno(tree_->Sync(*reader)), ENOSPC);
  }
  tree_->Release(file);
  EXPECT_EQ(MustFind(kRootNode, "f"), node);
  EXPECT_EQ(Errno(tree_->Sync(*reader)), ENOSPC);
  tree_->Release(reader);
  // The kernel gets to know the file anew, with the size that it has.
  const NodeId again = MustFind(kRootNode, "f");
  EXPECT_NE(again.value, node.value);
  file = tree_->Open(again, O_RDWR).value();
  EXPECT_TRUE(tree_->Sync(*file).ok());
  EXPECT_EQ(Get(*file), "kept, too");
  tree_->Release(file);
}

TEST_F(TreeTest, ASyncIsExpectedOfALogThatWasSyncedAfterWhatCameBefore) {
  OpenFile* log = MustCreate(kRootNode, "000001.log", O_WRONLY);
  OpenFile* data = MustCreate(kRootNode, "data", O_WRONLY);
  Status synced = Status::IoError("not called");
  for (OpenFile* file : {log, data}) {
    EXPECT_FALSE(tree_->ExpectsSync(*file, 100));
    tree_->SyncInTurn(*file, [&](const Status& status) { synced = status; });
    EXPECT_TRUE(synced.ok());
  }
  EXPECT_FALSE(tree_->ExpectsSync(*data, 100)) << "a part of a change must not be durable early";
  EXPECT_FALSE(tree_->ExpectsSync(*log, 1 << 20)) << "more will be written before it";
  EXPECT_TRUE(tree_->ExpectsSync(*log, 100));
  EXPECT_FALSE(tree_->ExpectsSync(*log, 100));
  // What it was for.
  ASSERT_TRUE(tree_->WriteBack(*log, 0, AsBytes("ahead")).ok());
  tree_->SyncAhead(log->node);
  tree_->Release(data);
  fs_.Crash();
  ASSERT_TRUE(fs_.Open().ok());
  EXPECT_EQ(fs_.Get("/000001.log"), "ahead");
}

TEST_F(TreeTest, ASyncThatIsLeftToAnotherThreadCoversWhatWasWrittenBefore) {
  OpenFile* log = MustCreate(kRootNode, "000001.log", O_WRONLY);
  Status synced = Status::IoError("not called");
  // As if another thread were syncing: what is left to it runs when it is done.
  log->syncs->turns.Run([&] {
    ASSERT_TRUE(tree_->WriteBack(*log, 0, AsBytes("late")).ok());
    tree_->SyncInTurn(*log, [&](const Status& status) { synced = status; });
    EXPECT_FALSE(synced.ok()) << "it has its turn later";
  });
  EXPECT_TRUE(synced.ok());
  fs_.Crash();
  ASSERT_TRUE(fs_.Open().ok());
  EXPECT_EQ(fs_.Get("/000001.log"), "late");
}

// Rule R10.
TEST_F(TreeTest, ASyncHearsOfPagesThatWereLost) {
  OpenFile* log = MustCreate(kRootNode, "000001.log", O_WRONLY);
  EXPECT_EQ(Errno(tree_->WriteBack(*log, 64 * kMiB, AsBytes("lost"))), ENOSPC);
  Status synced;
  tree_->SyncInTurn(*log, [&](const Status& status) { synced = status; });
  EXPECT_EQ(Errno(synced), ENOSPC);
  tree_->Release(log);
}

TEST_F(TreeTest, GapsAreZeros) {
  OpenFile* file = MustCreate(kRootNode, "f", O_RDWR);
  ASSERT_TRUE(tree_->Write(*file, 0, AsBytes("a")).ok());
  ASSERT_TRUE(tree_->Write(*file, 300'000, AsBytes("b")).ok());
  EXPECT_EQ(Get(*file), "a" + std::string(299'999, '\0') + "b");
  tree_->Release(file);
}

TEST_F(TreeTest, GapThatDoesNotFitChangesNothing) {
  OpenFile* file = MustCreate(kRootNode, "f", O_RDWR);
  ASSERT_TRUE(tree_->Write(*file, 0, AsBytes("a")).ok());
  EXPECT_EQ(Errno(tree_->Write(*file, 64 * kMiB, AsBytes("b"))), ENOSPC);
  EXPECT_EQ(Errno(tree_->Allocate(*file, 64 * kMiB, true)), ENOSPC);
  EXPECT_EQ(Get(*file), "a");
  ASSERT_TRUE(tree_->Allocate(*file, 10, true).ok());
  ASSERT_TRUE(tree_->Allocate(*file, 1 * kMiB, false).ok());
  EXPECT_EQ(Get(*file), std::string("a") + std::string(9, '\0'));
  tree_->Release(file);
}

TEST_F(TreeTest, RemovedFileLivesAsLongAsItIsOpen) {
  OpenFile* file = MustCreate(kRootNode, "f", O_RDWR);
  const NodeId node = file->node;
  ASSERT_TRUE(tree_->Write(*file, 0, AsBytes("content")).ok());
  ASSERT_TRUE(tree_->RemoveFile(kRootNode, "f").ok());
  EXPECT_EQ(Names(kRootNode), "./ ../ ");
  Put(kRootNode, "f", "another");
  EXPECT_EQ(Get(*file), "content");
  EXPECT_EQ(tree_->Stat(node).value().size_bytes, 7u);
  EXPECT_TRUE(tree_->Stat(node).value().is_removed);
  ASSERT_TRUE(tree_->Truncate(node, nullptr, 3).ok());
  ASSERT_TRUE(tree_->SetMtime(node, 5).ok());
  EXPECT_EQ(tree_->Stat(node).value().mtime_us, 5u);
  EXPECT_EQ(Get(*file), "con");
  tree_->Release(file);
  EXPECT_EQ(Errno(tree_->Stat(node).status()), ENOENT);
  EXPECT_EQ(fs_.Get("/f"), "another");
}

TEST_F(TreeTest, RenameOverAnOpenFileKeepsBoth) {
  Put(kRootNode, "old", "old");
  Put(kRootNode, "new", "new");
  const NodeId old_node = MustFind(kRootNode, "old");
  const NodeId new_node = MustFind(kRootNode, "new");
  OpenFile* old_file = tree_->Open(old_node, O_RDONLY).value();
  ASSERT_TRUE(tree_->Rename(kRootNode, "new", kRootNode, "old", true).ok());
  EXPECT_EQ(Get(*old_file), "old");
  EXPECT_EQ(MustFind(kRootNode, "old"), new_node);
  EXPECT_TRUE(tree_->Stat(old_node).value().is_removed);
  EXPECT_FALSE(tree_->Stat(new_node).value().is_removed);
  EXPECT_EQ(Errno(tree_->Open(old_node, O_RDONLY).status()), ENOENT);
  tree_->Release(old_file);
  EXPECT_EQ(fs_.Get("/old"), "new");
}

TEST_F(TreeTest, RenameWithoutReplacing) {
  Put(kRootNode, "a", "a");
  Put(kRootNode, "b", "b");
  EXPECT_EQ(Errno(tree_->Rename(kRootNode, "a", kRootNode, "b", false)), EEXIST);
  EXPECT_EQ(Errno(tree_->Rename(kRootNode, "x", kRootNode, "b", true)), ENOENT);
  EXPECT_EQ(fs_.Get("/b"), "b");
}

TEST_F(TreeTest, FolderMovesWithItsNodes) {
  const NodeId from = tree_->MakeFolder(kRootNode, "from").value().node;
  Put(from, "f", "content");
  const NodeId below = tree_->MakeFolder(from, "below").value().node;
  Put(below, "g", "deep");
  const NodeId file = MustFind(from, "f");
  ASSERT_TRUE(tree_->MakeFolder(kRootNode, "to").ok());
  ASSERT_TRUE(tree_->Rename(kRootNode, "from", kRootNode, "to", true).ok());
  EXPECT_EQ(Names(kRootNode), "./ ../ to/ ");
  EXPECT_EQ(MustFind(kRootNode, "to"), from);
  EXPECT_EQ(MustFind(from, "f"), file);
  EXPECT_EQ(Names(below), "./ ../ g ");
  EXPECT_EQ(fs_.Get("/to/below/g"), "deep");
}

TEST_F(TreeTest, FolderMovesNotOverWhatIsThere) {
  const NodeId a = tree_->MakeFolder(kRootNode, "a").value().node;
  const NodeId b = tree_->MakeFolder(kRootNode, "b").value().node;
  Put(a, "f", "1");
  Put(b, "g", "2");
  Put(kRootNode, "file", "3");
  EXPECT_EQ(Errno(tree_->Rename(kRootNode, "a", kRootNode, "b", true)), ENOTEMPTY);
  EXPECT_EQ(Errno(tree_->Rename(kRootNode, "a", kRootNode, "file", true)), ENOTDIR);
  EXPECT_EQ(Errno(tree_->Rename(kRootNode, "file", kRootNode, "a", true)), EISDIR);
  EXPECT_EQ(Names(kRootNode), "./ ../ a/ b/ file ");
  EXPECT_EQ(Names(a), "./ ../ f ");
}

TEST_F(TreeTest, FolderStaysWhenItsLastNameGoes) {
  ASSERT_TRUE(fs_.Put("/a/f", "x").ok());
  ASSERT_TRUE(fs_.Put("/b/f", "x").ok());
  const NodeId a = MustFind(kRootNode, "a");
  ASSERT_TRUE(tree_->RemoveFile(a, "f").ok());
  ASSERT_TRUE(tree_->Rename(MustFind(kRootNode, "b"), "f", a, "g", true).ok());
  EXPECT_EQ(Names(kRootNode), "./ ../ a/ b/ ");
  EXPECT_EQ(Errno(tree_->RemoveFolder(kRootNode, "a")), ENOTEMPTY);
  ASSERT_TRUE(tree_->RemoveFolder(kRootNode, "b").ok());
  EXPECT_EQ(Errno(tree_->RemoveFolder(kRootNode, "b")), ENOENT);
  EXPECT_EQ(Errno(tree_->RemoveFolder(a, "g")), ENOTDIR);
  EXPECT_EQ(Errno(tree_->RemoveFile(kRootNode, "a")), EISDIR);
  EXPECT_EQ(Names(kRootNode), "./ ../ a/ ");
}

TEST_F(TreeTest, ReservedNamesAreNotThere) {
  EXPECT_EQ(Errno(tree_->MakeFolder(kRootNode, ".ashlar").status()), EPERM);
  EXPECT_EQ(Errno(tree_->Create(kRootNode, ".folder", O_WRONLY).status()), EPERM);
  EXPECT_EQ(Errno(tree_->Lookup(kRootNode, ".ashlar").status()), ENOENT);
  const NodeId a = tree_->MakeFolder(kRootNode, "a").value().node;
  EXPECT_EQ(Errno(tree_->Lookup(a, ".folder").status()), ENOENT);
}

TEST_F(TreeTest, LongNamesAreRefusedBeforeAnythingMoves) {
  EXPECT_EQ(Errno(tree_->Create(kRootNode, std::string(255, 'x'), O_WRONLY).status()),
            ENAMETOOLONG);
  EXPECT_EQ(Errno(tree_->MakeFolder(kRootNode, std::string(250, 'x')).status()), ENAMETOOLONG);
  const NodeId a = tree_->MakeFolder(kRootNode, "a").value().node;
  Put(a, "b", "short");
  Put(a, std::string(200, 'x'), "long");
  const std::string longer(100, 'y');
  EXPECT_EQ(Errno(tree_->Rename(kRootNode, "a", kRootNode, longer, true)), ENAMETOOLONG);
  EXPECT_EQ(Names(kRootNode), "./ ../ a/ ");
  EXPECT_EQ(fs_.Get("/a/b"), "short");
}

TEST_F(TreeTest, TheCacheIsKeptOnceItIsKnown) {
  Put(kRootNode, "f", "x");
  Remount();
  const NodeId node = MustFind(kRootNode, "f");
  for (const int flags : {O_RDONLY, O_WRONLY, O_RDWR}) {
    OpenFile* file = tree_->Open(node, flags).value();
    EXPECT_EQ(file->keep_cache, flags != O_RDONLY);  // of before nothing is known
    tree_->Release(file);
  }
}

TEST_F(TreeTest, SyncThroughAReaderMakesTheWritersBytesDurable) {
  OpenFile* writer = MustCreate(kRootNode, "f");
  ASSERT_TRUE(tree_->Write(*writer, 0, AsBytes("bytes")).ok());
  OpenFile* reader = tree_->Open(writer->node, O_RDONLY).value();
  ASSERT_TRUE(tree_->Sync(*reader).ok());
  fs_.Crash();
  ASSERT_TRUE(fs_.Open().ok());
  EXPECT_EQ(fs_.Get("/f"), "bytes");
}

TEST_F(TreeTest, InodesStayAcrossMountsAndRenames) {
  Put(kRootNode, "f", "x");
  const uint64_t inode = tree_->Stat(MustFind(kRootNode, "f")).value().inode;
  ASSERT_TRUE(tree_->Rename(kRootNode, "f", kRootNode, "g", true).ok());
  Remount();
  EXPECT_EQ(tree_->Stat(MustFind(kRootNode, "g")).value().inode, inode);
}

TEST_F(TreeTest, ReadOnlyIsErofs) {
  Put(kRootNode, "f", "x");
  tree_.reset();
  ASSERT_TRUE(fs_.Close().ok());
  ASSERT_TRUE(fs_.Open({.read_only = true}).ok());
  Remount();
  const NodeId node = MustFind(kRootNode, "f");
  EXPECT_EQ(Errno(tree_->Open(node, O_WRONLY).status()), EROFS);
  EXPECT_EQ(Errno(tree_->RemoveFile(kRootNode, "f")), EROFS);
  EXPECT_EQ(Errno(tree_->MakeFolder(kRootNode, "d").status()), EROFS);
  EXPECT_EQ(Errno(tree_->Truncate(node, nullptr, 0)), EROFS);
  EXPECT_EQ(Errno(tree_->SetMtime(node, 1)), EROFS);
}

}  // namespace
}  // namespace ashlar
