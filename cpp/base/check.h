// ASHLAR_CHECK: stops the process when an invariant of our own code is broken. Never for data, I/O,
// arguments or anything a user, a file or a device can cause.
#pragma once

namespace ashlar {
[[noreturn]] void CheckFailed(const char* expression, const char* file, int line);
}

#define ASHLAR_CHECK(expression) \
  ((expression) ? void() : ::ashlar::CheckFailed(#expression, __FILE__, __LINE__))
