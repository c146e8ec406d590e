#include "cpp/testing/fs_model.h"

#include <algorithm>
#include <utility>

namespace ashlar {

namespace {

constexpr size_t kMaxFiles = 12;
constexpr size_t kMaxHandles = 6;

}  // namespace

std::string FsExerciser::NewName() {
  return "/dir" + std::to_string(random_.Below(3)) + "/" + std::to_string(random_.Below(8));
}

std::string FsExerciser::SomeName() {
  if (state_.empty()) return {};
  auto it = state_.begin();
  std::advance(it, static_cast<ptrdiff_t>(random_.Below(state_.size())));
  return it->first;
}

FsExerciser::Open* FsExerciser::SomeOpen() {
  return open_.empty() ? nullptr : &open_[random_.Below(open_.size())];
}

ModelFile& FsExerciser::ModelOf(Open& open) {
  return open.name.empty() ? *open.orphan : state_[open.name];
}

// The name is no longer that of the file: handles keep what it was.
void FsExerciser::Orphan(const std::string& name) {
  const auto orphan = std::make_shared<ModelFile>(state_[name]);
  for (Open& open : open_) {
    if (open.name != name) continue;
    open.orphan = orphan;
    open.name.clear();
  }
}

std::string FsExerciser::Step(std::string* describe) {
  switch (random_.Below(19)) {
    case 0:
    case 1:
      *describe = "create";
      return Create();
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      *describe = "append";
      return Append();
    case 7:
    case 8:
    case 9:
      *describe = "sync";
      return Sync();
    case 10:
      *describe = "truncate";
      return Truncate();
    case 11:
    case 12:
      *describe = "read";
      return ReadSome();
    case 13:
      *describe = "rename";
      return Rename();
    case 14:
      *describe = "delete";
      return Delete();
    case 15:
    case 16:
    case 17:
      *describe = "write";
      return Write();
    default:
      *describe = "close";
      return CloseSome();
  }
}

std::string FsExerciser::Create() {
  if (state_.size() >= kMaxFiles || open_.size() >= kMaxHandles) return CloseSome();
  const std::string name = NewName();
  OpenOptions options;
  options.mode = random_.OneIn(2) ? OpenMode::kCreateOrReplace : OpenMode::kCreateOrWrite;
  options.kind = random_.OneIn(2) ? FileKind::kLog : FileKind::kData;
  options.preallocate_bytes = random_.OneIn(3) ? random_.Below(300'000) : 0;
  auto file = fs_->Open(name, options);
  if (!file.ok()) return file.status().ToString();
  const bool is_new = options.mode == OpenMode::kCreateOrReplace || !state_.contains(name);
  if (is_new) {
    if (state_.contains(name)) Orphan(name);
    state_[name] = ModelFile{next_number_++, options.kind, {}};
  }
  open_.push_back({std::move(file).value(), name, {}});
  return {};
}

std::string FsExerciser::Append() {
  Open* open = SomeOpen();
  if (open == nullptr) return Create();
  const size_t length = random_.OneIn(5) ? random_.Below(90'000) : random_.Below(1500);
  const std::string piece = Pattern(random_.Next(), length);
  const Status status = open->file->Append(AsBytes(piece));
  if (!status.ok()) return status.ToString();
  ModelFile& model = ModelOf(*open);
  model.content += piece;
  model.written = model.content.size();
  return {};
}

// Anywhere; of a log, mostly what it holds again and something behind it.
std::string FsExerciser::Write() {
  Open* open = SomeOpen();
  if (open == nullptr) return Create();
  ModelFile& model = ModelOf(*open);
  const uint64_t gap = random_.OneIn(4) ? random_.Below(10'000) : 1;
  const uint64_t offset = random_.Below(model.content.size() + gap);
  std::string piece = Pattern(random_.Next(), random_.Below(random_.OneIn(4) ? 100'000 : 5000));
  bool unframes = false;
  if (model.kind == FileKind::kLog && offset < model.written) {
    const std::string held =
        model.content.substr(offset, std::min(piece.size(), model.written - offset));
    if (!random_.OneIn(4)) piece.replace(0, held.size(), held);
    unframes = !piece.starts_with(held);
  }
  const Status status = open->file->WriteAt(offset, AsBytes(piece));
  if (!status.ok()) return status.ToString();
  if (piece.empty()) return {};
  if (unframes) {
    model.kind = FileKind::kData;
    model.MakeWrittenDurable();
  }
  model.written = std::max(model.written, offset + piece.size());
  if (offset + piece.size() > model.content.size()) model.content.resize(offset + piece.size());
  model.content.replace(offset, piece.size(), piece);
  return {};
}

std::string FsExerciser::Sync() {
  Open* open = SomeOpen();
  if (open == nullptr) return {};
  const Status status = open->file->Sync();
  if (status.ok()) ModelOf(*open).MakeDurable();
  return status.ok() ? "" : status.ToString();
}

std::string FsExerciser::Truncate() {
  Open* open = SomeOpen();
  if (open == nullptr) return {};
  ModelFile& model = ModelOf(*open);
  const uint64_t limit = model.content.size() + (random_.OneIn(3) ? 3000 : 0);
  const uint64_t size = random_.Below(limit + 1);
  const Status status = open->file->Truncate(size);
  if (!status.ok()) return status.ToString();
  const bool cut = size < model.content.size();
  model.content.resize(size, '\0');
  if (cut) {
    const bool syncs = model.kind == FileKind::kLog && size <= model.written;
    model.written = std::min<size_t>(model.written, size);
    model.durable = syncs ? size : std::min<size_t>(model.durable, size);
    model.synced.resize(std::min<size_t>(model.synced.size(), size));
  }
  return {};
}

std::string FsExerciser::ReadSome() {
  Open* open = SomeOpen();
  if (open == nullptr) return {};
  const std::string& content = ModelOf(*open).content;
  const uint64_t offset = random_.Below(content.size() + 100);
  std::string into(random_.Below(20'000), '\0');
  const std::string expected = offset < content.size() ? content.substr(offset, into.size()) : "";
  const Result<size_t> length =
      open->file->Read(offset, {reinterpret_cast<uint8_t*>(into.data()), into.size()});
  if (!length.ok()) return length.status().ToString();
  into.resize(length.value());
  return into == expected ? "" : "wrong bytes at " + std::to_string(offset);
}

std::string FsExerciser::Rename() {
  const std::string from = SomeName();
  const std::string to = NewName();
  if (from.empty()) return {};
  const Status status = fs_->Rename(from, to);
  if (!status.ok()) return status.ToString();
  if (from == to) return {};
  if (state_.contains(to)) Orphan(to);
  state_[to] = std::move(state_[from]);
  state_.erase(from);
  for (Open& open : open_) {
    if (open.name == from) open.name = to;
  }
  return {};
}

std::string FsExerciser::Delete() {
  const std::string name = SomeName();
  if (name.empty()) return {};
  const Status status = fs_->Delete(name);
  if (!status.ok()) return status.ToString();
  Orphan(name);
  state_.erase(name);
  return {};
}

// The last handle of a file makes it durable.
std::string FsExerciser::CloseSome() {
  if (open_.empty()) return {};
  const size_t index = random_.Below(open_.size());
  Open closing = std::move(open_[index]);
  open_.erase(open_.begin() + static_cast<ptrdiff_t>(index));
  const Status status = closing.file->Close();
  if (!status.ok()) return status.ToString();
  const bool last = std::none_of(open_.begin(), open_.end(),
                                 [&](const Open& open) { return open.name == closing.name; });
  if (!closing.name.empty() && last) state_[closing.name].MakeDurable();
  return {};
}

std::string FsExerciser::Compare() {
  std::vector<std::string> names;
  for (const auto& [name, file] : state_) names.push_back(name);
  if (fs_->List("") != names) return "other names";
  for (const auto& [name, file] : state_) {
    if (fs_.Get(name) != file.content) return name + ": " + fs_.Get(name).substr(0, 200);
    if (fs_->Stat(name).value().size_bytes != file.content.size()) return name + ": its size";
  }
  for (Open& open : open_) {
    if (ReadAll(*open.file) != ModelOf(open).content) return "an open file";
  }
  return {};
}

std::string FsExerciser::CloseAndReopen() {
  if (random_.OneIn(2)) open_.clear();
  Status status = fs_.Close();
  open_.clear();
  if (!status.ok()) return status.ToString();
  if (const std::string problems = fs_.Check(); !problems.empty()) return problems;
  status = fs_.Open();
  if (!status.ok()) return status.ToString();
  for (auto& [name, file] : state_) file.MakeDurable();
  return fs_->report().removed == 0 ? "" : "something was left over";
}

std::string CheckAfterPowerCut(TestFs& fs, const ModelState& before, const ModelState& after) {
  const std::vector<std::string> names = fs->List("");
  std::string why;
  for (const ModelState* state : {&before, &after}) {
    std::vector<std::string> expected;
    for (const auto& [name, file] : *state) expected.push_back(name);
    if (names != expected) {
      why += "other names; ";
      continue;
    }
    std::string wrong;
    for (const auto& [name, file] : *state) {
      const std::string got = fs.Get(name);
      // The operation that was running may have got any part of its way in a log.
      bool fits = false;
      for (const ModelState* other : {&before, &after}) {
        for (const auto& [other_name, same] : *other) {
          if (same.number != file.number) continue;
          fits = fits || (same.kind == FileKind::kLog ? got == same.content.substr(0, got.size())
                                                      : got == same.synced);
        }
      }
      if (!fits || got.size() < file.durable) {
        wrong += name + " has " + std::to_string(got.size()) + " bytes, of " +
                 std::to_string(file.durable) + " to " + std::to_string(file.content.size()) +
                 (fits ? "" : ", others") + "; ";
      }
    }
    if (wrong.empty()) return {};
    why += wrong;
  }
  return why;
}

}  // namespace ashlar
