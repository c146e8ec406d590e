// Crash devices by label: what DeviceKind::kCrash opens in tests, of C++ and of Java.
//
// A device outlives the stores that are opened on it, so that a test can cut the power, look at the
// log and open a store on a crash image. Any thread.
#pragma once

#include <memory>
#include <string>

#include "ashlar/status.h"
#include "cpp/testing/crash_device.h"
#include "cpp/testing/shared_device.h"

namespace ashlar {

// From now on DeviceKind::kCrash finds the devices that are added here; opening one that is open
// gives Busy.
void InstallCrashDevices();

// AlreadyExists: the label is taken.
Status AddCrashDevice(const std::string& label, std::shared_ptr<CrashDevice> device,
                      RequestObserver observer = {});
// Null when there is none.
std::shared_ptr<CrashDevice> FindCrashDevice(const std::string& label);
// A store that is open on it keeps it.
void DropCrashDevice(const std::string& label);

}  // namespace ashlar
