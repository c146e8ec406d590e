// Sets of processor cores as SPDK's users write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ashlar/status.h"

namespace ashlar {

// "0x5" and "5" are masks: cores 0 and 2. "[0,2-3]" is a list. Ascending, without repetition.
// InvalidArgument: neither, empty, or a core beyond 1023.
Result<std::vector<int>> ParseCores(std::string_view text);

// "0,2,3": what DPDK takes.
std::string CoresText(const std::vector<int>& cores);

// The cores that the calling thread may run on.
std::vector<int> AllowedCores();

}  // namespace ashlar
