// Numbers for objects that Java holds. A number is never used twice, so a stale one finds nothing.
#pragma once

#include <jni.h>

#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace ashlar::jni {

// Any thread. Tables are never destroyed: threads of the virtual machine may outlive main.
template <typename T>
class HandleTable {
 public:
  jlong Add(std::shared_ptr<T> object) {
    std::lock_guard<std::mutex> lock(mutex_);
    objects_.emplace(++last_, std::move(object));
    return last_;
  }

  // Null when there is none.
  std::shared_ptr<T> Find(jlong number) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = objects_.find(number);
    return found == objects_.end() ? nullptr : found->second;
  }

  // The object, whose number means nothing any more; null when there is none.
  std::shared_ptr<T> Remove(jlong number) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = objects_.find(number);
    if (found == objects_.end()) return nullptr;
    std::shared_ptr<T> object = std::move(found->second);
    objects_.erase(found);
    return object;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<jlong, std::shared_ptr<T>> objects_;
  jlong last_ = 0;
};

}  // namespace ashlar::jni
