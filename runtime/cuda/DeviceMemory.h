// The devices' memory.
#pragma once

#include "runtime/Memory.h"
#include "runtime/cuda/Device.h"

namespace bregman::cuda {

/// Plain allocations of the driver. Releasing one waits for the device.
std::shared_ptr<Memory> deviceMemory();

} // namespace bregman::cuda
