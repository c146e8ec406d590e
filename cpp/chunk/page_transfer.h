// Moves the pages of an operation between the device and memory: neighbours go as one I/O, as many
// I/Os at once as there are units.
//
// Thread: the reactor of the operation.
#pragma once

#include "cpp/chunk/op_state.h"

namespace ashlar {

// Checks what a read or write slot asks for and copies it to the op, with the pages that need
// buffers. On a fault the op has failed with InvalidArgument.
void PrepareTransfer(OpState& op);

// Reads or writes all pages from slot.locations[] on; holes are skipped. `unit_done` runs for each
// I/O that went well, `all_done` once at the end, perhaps before this returns. After a failure no
// further I/O is begun.
void StartTransfer(OpState& op, IoRequest::Op kind, void (*unit_done)(OpState&, const IoUnit&),
                   void (*all_done)(OpState&));

// Begins one I/O of a single page outside StartTransfer, with the op's callbacks. False when the
// location is in no blob: the op has failed. The first two of an operation never lack a unit.
bool SubmitPage(OpState& op, IoRequest::Op kind, uint32_t page, PageAddress location);

// Whether the page's memory has the checksum; if not, the op has failed with what the page was.
bool VerifyPage(OpState& op, uint32_t page, uint64_t location, uint32_t expected_crc);

}  // namespace ashlar
