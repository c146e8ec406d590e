// Runs a coroutine in the test's own thread: no reactor, the same steps every time.
#pragma once

#include <optional>
#include <utility>

#include "cpp/base/check.h"
#include "cpp/device/device.h"
#include "cpp/runtime/task.h"

namespace ashlar {

// Polls `channel`, which belongs to the calling thread, until the task has finished.
template <typename T>
T RunTask(Channel& channel, Task<T> task) {
  std::optional<T> result;
  Spawn(std::move(task), [&result](T value) { result.emplace(std::move(value)); });
  while (!result.has_value()) {
    ASHLAR_CHECK(channel.in_flight() > 0);  // it waits for something else, for ever
    channel.Poll();
  }
  return std::move(*result);
}

}  // namespace ashlar
