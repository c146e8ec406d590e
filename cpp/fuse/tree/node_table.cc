#include "cpp/fuse/tree/node_table.h"

#include <algorithm>
#include <utility>

namespace ashlar {

NodeTable::NodeTable() {
  // The kernel has the root without asking, and never forgets it.
  nodes_[kRootNode.value] = {.name = "/", .is_folder = true, .lookups = 1};
  names_["/"] = kRootNode.value;
}

NodeId NodeTable::Find(std::string_view name, bool is_folder) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto known = names_.find(name);
  if (known != names_.end()) {
    Node& node = nodes_[known->second];
    const bool distrusted = !node.lost.ok() && node.open.empty();
    if (node.is_folder == is_folder && !distrusted) {
      ++node.lookups;
      return {known->second};
    }
    LoseName(name);
  }
  const uint64_t id = next_id_++;
  nodes_[id] = {.name = std::string(name), .is_folder = is_folder, .lookups = 1};
  names_.emplace(name, id);
  return {id};
}

void NodeTable::Forget(NodeId node, uint64_t lookups) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = nodes_.find(node.value);
  if (found == nodes_.end() || node == kRootNode) return;
  found->second.lookups -= std::min(found->second.lookups, lookups);
  DropIfUnused(found);
}

void NodeTable::DropIfUnused(Nodes::iterator node) {
  if (node->second.lookups > 0 || !node->second.open.empty()) return;
  if (!node->second.name.empty()) names_.erase(node->second.name);
  nodes_.erase(node);
}

std::optional<NodeTable::Name> NodeTable::NameOf(NodeId node) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = nodes_.find(node.value);
  if (found == nodes_.end() || found->second.name.empty()) return std::nullopt;
  return Name{found->second.name, found->second.is_folder};
}

// --- names -------------------------------------------------------------------------------------

void NodeTable::LoseName(std::string_view name) {
  const auto found = names_.find(name);
  if (found == names_.end()) return;
  nodes_[found->second].name.clear();
  names_.erase(found);
}

void NodeTable::Removed(std::string_view name) {
  std::lock_guard<std::mutex> lock(mutex_);
  LoseName(name);
}

void NodeTable::Moved(std::string_view from, std::string_view to,
                      const std::function<bool(const std::string&)>& moved) {
  std::lock_guard<std::mutex> lock(mutex_);
  const std::string below = std::string(from) + "/";
  std::vector<std::pair<std::string, uint64_t>> moving;
  for (auto it = names_.lower_bound(from); it != names_.end(); ++it) {
    const std::string& name = it->first;
    if (!name.starts_with(from)) break;
    if ((name == from || name.starts_with(below)) && moved(name)) moving.emplace_back(*it);
  }
  for (const auto& [name, id] : moving) names_.erase(name);
  for (const auto& [name, id] : moving) {
    std::string new_name = std::string(to) + name.substr(from.size());
    LoseName(new_name);
    nodes_[id].name = new_name;
    names_.emplace(std::move(new_name), id);
  }
}

// --- open files --------------------------------------------------------------------------------

std::shared_ptr<OpenFile> NodeTable::Opened(NodeId id, std::unique_ptr<File> file, bool writable) {
  std::lock_guard<std::mutex> lock(mutex_);
  Node& node = nodes_[id.value];
  auto open = std::make_shared<OpenFile>();
  open->file = std::move(file);
  open->node = id;
  if (node.syncs == nullptr) node.syncs = std::make_shared<FileSyncs>();
  open->syncs = node.syncs;
  open->writable = writable;
  open->keep_cache = std::exchange(node.cache_is_right, true);
  node.open.push_back(open);
  return open;
}

std::shared_ptr<OpenFile> NodeTable::Closed(OpenFile* file) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto node = nodes_.find(file->node.value);
  if (node == nodes_.end()) return nullptr;
  auto& open = node->second.open;
  const auto found = std::find_if(open.begin(), open.end(),
                                  [file](const auto& other) { return other.get() == file; });
  if (found == open.end()) return nullptr;
  std::shared_ptr<OpenFile> closed = std::move(*found);
  open.erase(found);
  DropIfUnused(node);
  return closed;
}

std::shared_ptr<OpenFile> NodeTable::AnyOpen(NodeId node) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = nodes_.find(node.value);
  if (found == nodes_.end() || found->second.open.empty()) return nullptr;
  for (const auto& open : found->second.open) {
    if (open->writable) return open;
  }
  return found->second.open.front();
}

void NodeTable::Lost(NodeId id, const Status& why) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto node = nodes_.find(id.value);
  if (node == nodes_.end()) return;
  node->second.cache_is_right = false;
  if (node->second.lost.ok()) node->second.lost = why;
}

Status NodeTable::LostOf(NodeId id) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto node = nodes_.find(id.value);
  return node == nodes_.end() ? Status::Ok() : node->second.lost;
}

std::vector<std::shared_ptr<OpenFile>> NodeTable::CloseAll() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::shared_ptr<OpenFile>> all;
  for (auto& [id, node] : nodes_) {
    all.insert(all.end(), node.open.begin(), node.open.end());
    node.open.clear();
  }
  return all;
}

}  // namespace ashlar
