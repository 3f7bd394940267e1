// From one kernel to one function with a loop over explicit vectors.
#pragma once

#include "codegen/LoopVariant.h"
#include "dialect/BregmanDialect.h"

namespace bregman {

/// Replaces `kernel`, without level axes, by a `func.func` with the ABI's symbol and signature.
mlir::LogicalResult buildLoop(KernelOp kernel, const LoopOptions &options);

} // namespace bregman
