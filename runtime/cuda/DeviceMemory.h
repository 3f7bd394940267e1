// The devices' memory.
#pragma once

#include "runtime/Memory.h"
#include "runtime/cuda/Device.h"

namespace bregman::cuda {

/// Allocations of the driver, on device `ordinal` where no address names another one. Releasing one
/// waits for the device; what is lent to a stream is kept for it, until all of this memory goes.
std::shared_ptr<Memory> deviceMemory(int ordinal = 0);

} // namespace bregman::cuda
