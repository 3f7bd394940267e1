// Where a tensor lies, as the compiler and the stepper want to know it.
#pragma once

#include "runtime/Result.h"

#include <c10/core/Device.h>

#include <string>

namespace bregman {

/// Whether kernels run there: the CPU, or a CUDA device.
bool isTrainable(c10::Device device);

/// What CompileOptions::device says for it: `host`, or `cuda:1`.
std::string compilerNameOf(c10::Device device);

/// Throws where OptimizerOptions::fast is asked for and `what` lies where nothing is approximate.
void refuseFast(bool fast, const std::string &what, c10::Device device);

/// The stream on which LibTorch works there at present; null on the CPU.
BREGMAN_API void *currentStreamOf(c10::Device device);

/// The same by LibTorch's C interface, for the versions whose streams do not say their handle.
BREGMAN_API void *currentStreamByShim(c10::DeviceIndex device);

} // namespace bregman
