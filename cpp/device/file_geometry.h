// Finds out what an open file or block device can do: size, sector, alignment, which writes are
// never torn, and whether O_DIRECT works.
#pragma once

#include "ashlar/device.h"
#include "ashlar/status.h"

namespace ashlar {

// Fills *info (all but the backend) for `fd`, which becomes O_DIRECT when spec.use_direct_io is set
// and the file system allows it; info->direct_io says whether. Guesses nothing in our favour: what
// cannot be known is assumed volatile and torn at 512 bytes.
Status MeasureFile(int fd, const DeviceSpec& spec, DeviceInfo* info);

}  // namespace ashlar
