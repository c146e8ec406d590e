// SPDK's log: errors and warnings go to the standard error stream, and the newest errors are kept,
// because SPDK's functions themselves tell little more than that they have failed.
//
// Threads: any.
#pragma once

#include <string>

namespace ashlar::spdk {

void OpenLog();

// A line of our own.
void Say(const std::string& line);

// Forgets the errors so far.
void ClearErrors();

// The errors since then in one line, the first ones of many; empty when there are none.
std::string Errors();

}  // namespace ashlar::spdk
