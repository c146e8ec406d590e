// kWrite: the caller's bytes to fresh pages, merged with the old first and last page where they are
// covered only in part. Live pages are never touched (R3); old pages stay in use until the caller
// frees them after its commit (R1, R2).
//
//   take pages -> take buffers -> read and verify old pages -> merge, checksum -> write -> done
//                                     any failure: the fresh pages are free again
#pragma once

#include "cpp/chunk/op_state.h"

namespace ashlar {
void StartWrite(OpState& op);
}
