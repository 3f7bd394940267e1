// A run by compiled kernels.
#pragma once

#include "frontend/Compiler.h"

namespace bregman {

/// Drives `method` over one tensor of f32 weights.
Result<std::unique_ptr<Run>> makeKernelRun(std::shared_ptr<const Method> method,
                                           const Timing &timing);

} // namespace bregman
