// What a loop asks of a kernel, whatever machine it is for.
#pragma once

#include "codegen/loops/StreamAccess.h"
#include "dialect/BregmanDialect.h"

namespace bregman {

/// The kernel of a module, null where it has none; several are an error.
mlir::FailureOr<KernelOp> soleKernel(mlir::ModuleOp module);

/// The sweep of a kernel of which a loop can be made; an error says why of this none can.
mlir::FailureOr<SweepOp> soleSweep(KernelOp kernel);

/// The streams of a kernel in order, their addresses null.
llvm::SmallVector<LoopStream> loopStreamsOf(KernelOp kernel, SweepOp sweep);

bool reduces(KernelOp kernel);

} // namespace bregman
