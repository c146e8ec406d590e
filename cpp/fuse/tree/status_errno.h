// What the kernel is told of a failure.
#pragma once

#include "ashlar/status.h"

namespace ashlar {

// The errno that says what a status says.
int ErrnoOf(const Status& status);

}  // namespace ashlar
