// What a file system should hold: names and contents, with what of it must survive a power cut.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cpp/blobfs/blobfs.h"
#include "cpp/testing/random.h"
#include "cpp/testing/test_fs.h"

namespace ashlar {

struct ModelFile {
  int number = 0;  // which file it is, whatever its name
  FileKind kind = FileKind::kData;
  std::string content;
  size_t written = 0;    // bytes; what is behind them are zeros that growing has promised only
  size_t durable = 0;    // bytes
  std::string synced{};  // what a power cut leaves of a file that is no log

  void MakeDurable() {
    written = content.size();
    MakeWrittenDurable();
  }
  void MakeWrittenDurable() {
    durable = written;
    synced = content.substr(0, written);
  }
};

using ModelState = std::map<std::string, ModelFile>;

// Random operations on a file system and its model alike.
class FsExerciser {
 public:
  FsExerciser(TestFs& fs, uint64_t seed) : fs_(fs), random_(seed) {}

  // One operation; what is wrong with its outcome, or "". `describe` says what it was.
  std::string Step(std::string* describe);
  // Compares everything; "" if all is the same.
  std::string Compare();
  // Handles go, then the file system; the model knows what that makes durable.
  std::string CloseAndReopen();
  void CloseHandles() { open_.clear(); }

  const ModelState& state() const { return state_; }

 private:
  struct Open {
    std::unique_ptr<File> file;
    std::string name;                   // "" when it was deleted or replaced
    std::shared_ptr<ModelFile> orphan;  // then; shared by its handles
  };

  std::string NewName();
  std::string SomeName();
  std::string Create();
  std::string Append();
  std::string Write();
  std::string Sync();
  std::string Truncate();
  std::string ReadSome();
  std::string Rename();
  std::string Delete();
  std::string CloseSome();
  Open* SomeOpen();
  ModelFile& ModelOf(Open& open);
  void Orphan(const std::string& name);

  TestFs& fs_;
  Random random_;
  ModelState state_;
  std::vector<Open> open_;
  int next_number_ = 1;
};

// Whether `fs` may be what a power cut left, when `before` was the state before the operation that
// was running, and `after` the one behind it (the same if none was running). What is wrong, or "".
std::string CheckAfterPowerCut(TestFs& fs, const ModelState& before, const ModelState& after);

}  // namespace ashlar
