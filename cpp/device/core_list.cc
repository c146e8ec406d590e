#include "cpp/device/core_list.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace ashlar {

namespace {

constexpr int kMaxCores = 1024;

std::optional<int> ParseCore(std::string_view text) {
  int core = -1;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), core);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return core >= 0 && core < kMaxCores ? std::optional<int>(core) : std::nullopt;
}

// "2" or "2-5".
bool AppendRange(std::string_view text, std::vector<int>* cores) {
  const size_t dash = text.find('-');
  const std::optional<int> first = ParseCore(text.substr(0, dash));
  const std::optional<int> last =
      dash == std::string_view::npos ? first : ParseCore(text.substr(dash + 1));
  if (!first || !last || *first > *last) return false;
  for (int core = *first; core <= *last; ++core) cores->push_back(core);
  return true;
}

bool ParseList(std::string_view text, std::vector<int>* cores) {
  while (true) {
    const size_t comma = text.find(',');
    if (!AppendRange(text.substr(0, comma), cores)) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

bool ParseMask(std::string_view text, std::vector<int>* cores) {
  int core = 0;
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, core += 4) {
    int bits = 0;
    if (std::from_chars(&*digit, &*digit + 1, bits, 16).ec != std::errc()) return false;
    for (int i = 0; i < 4; ++i) {
      if ((bits >> i & 1) != 0) cores->push_back(core + i);
    }
  }
  return true;
}

}  // namespace

Result<std::vector<int>> ParseCores(std::string_view text) {
  std::vector<int> cores;
  bool valid = false;
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    valid = ParseList(text.substr(1, text.size() - 2), &cores);
  } else {
    const bool has_prefix = text.starts_with("0x") || text.starts_with("0X");
    const std::string_view digits = text.substr(has_prefix ? 2 : 0);
    valid = !digits.empty() && ParseMask(digits, &cores);
  }
  std::sort(cores.begin(), cores.end());
  cores.erase(std::unique(cores.begin(), cores.end()), cores.end());
  if (!valid || cores.empty() || cores.back() >= kMaxCores) {
    return Status::InvalidArgument("core_mask is \"" + std::string(text) +
                                   "\"; give a mask such as 0x3, or a list such as [0,2-3]");
  }
  return cores;
}

std::string CoresText(const std::vector<int>& cores) {
  std::string text;
  for (const int core : cores) text.append(text.empty() ? "" : ",").append(std::to_string(core));
  return text;
}

std::vector<int> AllowedCores() {
  std::vector<int> cores;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &set)) cores.push_back(core);
    }
  }
  return cores;
}

}  // namespace ashlar
