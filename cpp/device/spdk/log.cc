#include "cpp/device/spdk/log.h"

#include <cstdarg>
#include <cstdio>
#include <mutex>

#include "cpp/device/spdk/compat.h"

namespace ashlar::spdk {

namespace {

constexpr size_t kMaxErrorBytes = 600;

std::mutex mutex;
std::string* errors = new std::string();

void Write(int level, const char* /*file*/, int /*line*/, const char* function, const char* format,
           va_list arguments) {
  // Lines that continue others have a negative level.
  if (level < 0 || level > SPDK_LOG_WARN) return;
  char text[512];
  const int length = std::vsnprintf(text, sizeof(text), format, arguments);
  if (length < 0) return;
  std::string line(text);
  while (line.ends_with('\n')) line.pop_back();
  std::fprintf(stderr, "SPDK: %s: %s\n", function == nullptr ? "" : function, line.c_str());
  if (level > SPDK_LOG_ERROR) return;
  std::lock_guard<std::mutex> lock(mutex);
  if (errors->size() + line.size() > kMaxErrorBytes) return;
  if (!errors->empty()) errors->append("; ");
  errors->append(line);
}

}  // namespace

void OpenLog() { spdk_log_open(&Write); }

void Say(const std::string& line) { std::fprintf(stderr, "Ashlar: %s\n", line.c_str()); }

void ClearErrors() {
  std::lock_guard<std::mutex> lock(mutex);
  errors->clear();
}

std::string Errors() {
  std::lock_guard<std::mutex> lock(mutex);
  return *errors;
}

}  // namespace ashlar::spdk
