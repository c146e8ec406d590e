// A fresh folder that goes with its owner.
#pragma once

#include <string>

namespace ashlar {

// Created 0700 under $TMPDIR or /tmp and removed with all it holds. path() is empty when it could
// not be created.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string Join(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace ashlar
