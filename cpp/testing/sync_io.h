// I/O on a channel that waits, for tests.
#pragma once

#include <cstdint>
#include <span>

#include "cpp/device/device.h"

namespace ashlar {

// Each call submits one request and polls until it is done; returns its result, 0 or a negative
// errno. Other requests of the channel make progress meanwhile.
int SyncRead(Channel& channel, uint64_t offset_bytes, std::span<uint8_t> into);
int SyncWrite(Channel& channel, uint64_t offset_bytes, std::span<const uint8_t> from);
int SyncFlush(Channel& channel);
int SyncDiscard(Channel& channel, uint64_t offset_bytes, uint32_t length_bytes);

// Polls until nothing is in flight.
void Drain(Channel& channel);

}  // namespace ashlar
