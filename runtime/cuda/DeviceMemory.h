// The devices' memory.
#pragma once

#include "runtime/Memory.h"
#include "runtime/cuda/Device.h"

namespace bregman::cuda {

/// Plain allocations of the driver, on device `ordinal` where no address names another one.
/// Releasing one waits for the device.
std::shared_ptr<Memory> deviceMemory(int ordinal = 0);

} // namespace bregman::cuda
