// kFree: runs of pages go back to their bitmaps.
//
// Runs of blobs that other reactors own are theirs to free: the operation itself travels, as a
// message, from reactor to reactor until every run has been seen to, and completes where it came
// in.
#pragma once

#include "cpp/chunk/op_state.h"

namespace ashlar {

void StartFree(OpState& op);

// Gives back the pages of a write that failed, wherever their blobs are by now, and completes it.
void FreeFreshPages(OpState& op);

}  // namespace ashlar
