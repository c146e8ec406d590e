// Numbers that nobody has had before.
#pragma once

#include <cstdint>

namespace ashlar {

// 64 random bits from the kernel; not 0.
uint64_t RandomId();

}  // namespace ashlar
