// kRead: pages from the device to the caller, each one verified whole; holes are zeros.
#pragma once

#include "cpp/chunk/op_state.h"

namespace ashlar {
void StartRead(OpState& op);
}
