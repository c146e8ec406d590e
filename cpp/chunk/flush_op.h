// kFlush: one device flush; every write whose completion the caller has seen is durable after it
// (R1).
#pragma once

#include "cpp/chunk/op_state.h"

namespace ashlar {
void StartFlush(OpState& op);
}
