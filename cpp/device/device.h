// The seam between the engine and storage: a Device is shared, a Channel belongs to one thread.
//
// A device is an array of bytes addressed in sectors. Writes that completed are in the device,
// perhaps in its volatile cache; they are durable once a flush submitted after their completion, on
// any channel of the device, has completed. Overlapping I/O in flight has no order.
#pragma once

#include <cstdint>
#include <memory>

#include "ashlar/device.h"
#include "ashlar/status.h"
#include "cpp/device/io_request.h"

namespace ashlar {

// A queue of I/O. Every call comes from the thread that called Device::OpenChannel.
class Channel {
 public:
  virtual ~Channel() = default;  // nothing may be in flight

  // Takes the request. Never blocks for long, never fails: errors arrive as IoRequest::result. When
  // the hardware queue is full the request waits inside the channel.
  virtual void Submit(IoRequest* request) = 0;

  // Hands queued requests to the kernel and calls `done` of those that completed; returns how many.
  // `done` may call Submit again. Returns 0 only when nothing is left to do but to wait.
  virtual int Poll() = 0;

  // Requests submitted and not yet done.
  virtual uint32_t in_flight() const = 0;

  // A descriptor to wait for, or -1: the channel has none. It polls readable once Poll() would find
  // completions, provided that the wait was announced first:
  //
  //   AnnounceSleep();
  //   if (Poll() == 0 && !must_poll()) wait for wake_fd(), for no longer than max_sleep_ms();
  //   AnnounceWake();
  //
  // While no sleep is announced completions need not touch the descriptor, which saves system
  // calls.
  virtual int wake_fd() const = 0;

  // Whether Poll() must be called again without a wait, since wake_fd() would not tell.
  virtual bool must_poll() const { return in_flight() > 0 && wake_fd() < 0; }

  // The longest wait; -1: any.
  virtual int max_sleep_ms() const { return -1; }

  virtual void AnnounceSleep() {}
  virtual void AnnounceWake() {}
};

class Device {
 public:
  // Nothing in flight, all channels gone. Releases the lock.
  virtual ~Device() = default;

  virtual const DeviceInfo& info() const = 0;
  virtual DeviceCounters counters() const = 0;

  // A channel for the calling thread.
  virtual Result<std::unique_ptr<Channel>> OpenChannel() = 0;

  // A channel that any thread may use, one at a time; requests outlive the thread that submitted
  // them. NotSupported: a channel of this device belongs to one thread.
  virtual Result<std::unique_ptr<Channel>> OpenSharedChannel();

  // Whether ReadInline works.
  virtual bool SupportsInlineRead() const { return false; }

  // Reads in the calling thread, any thread, without a channel: the shortest way for a small
  // synchronous read. Offset, length and memory as for a read request.
  // Returns 0 or a negative errno.
  virtual int ReadInline(uint64_t offset_bytes, void* data, uint32_t length_bytes);

  // Whether WriteInline works.
  virtual bool SupportsInlineWrite() const { return false; }

  // Writes in the calling thread, any thread, without a channel, and blocks it for as long as the
  // device takes: the shortest way for a small write that somebody waits for. Offset, length and
  // memory as for a write request.
  // Returns 0 or a negative errno.
  virtual int WriteInline(uint64_t offset_bytes, const void* data, uint32_t length_bytes);

  // Whether FlushInline works.
  virtual bool SupportsInlineFlush() const { return false; }

  // Flushes in the calling thread, any thread, without a channel, and blocks it for as long as the
  // device takes. Covers the writes that completed, on any channel, before the call.
  // Returns 0 or a negative errno; after an error a later success says nothing about those writes.
  virtual int FlushInline();

  // Where the content lies in memory, for reads by any thread that need no call at all; null for a
  // device that is no memory. Reads and writes of one place at one time are the caller's to avoid.
  virtual const uint8_t* memory() const { return nullptr; }
};

// InvalidArgument: no multiple of 4096, zero, or too large.
Status CheckDeviceSize(uint64_t size_bytes);

// Opens (and with spec.create creates) a device of any kind but kCrash.
// Busy: another process, or this one, has it open. InvalidArgument: size or sector size out of
// range.
Result<std::unique_ptr<Device>> OpenDevice(const DeviceSpec& spec);

}  // namespace ashlar
