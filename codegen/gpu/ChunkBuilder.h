// From one kernel to one function in which blocks of threads go over chunks of tensors.
#pragma once

#include "dialect/BregmanDialect.h"

namespace bregman::gpu {

/// Replaces `kernel`, without level axes, by an `llvm.func` with the symbol and the arguments that
/// CudaABI.h says.
mlir::LogicalResult buildChunks(KernelOp kernel);

} // namespace bregman::gpu
