// The kernel that makes one number of what the chunks of a tensor have left of a reduction. No spec
// decides anything about it.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace bregman::gpu {

/// A module with the function that CudaABI.h calls combineSymbol, at the stage `gpu`.
mlir::OwningOpRef<mlir::ModuleOp> buildCombine(mlir::MLIRContext *context);

} // namespace bregman::gpu
