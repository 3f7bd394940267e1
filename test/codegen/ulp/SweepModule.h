// The LLVM module of a loop that applies one function to an array.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/ExecutionEngine/Orc/ThreadSafeModule.h"
#include "llvm/Support/Error.h"

namespace bregman::ulp {

/// Writes the loop over `lanes` values at once as MLIR, lowers it as kernels are lowered, and
/// translates it. The function's name is "sweep".
llvm::Expected<llvm::orc::ThreadSafeModule> makeSweepModule(llvm::StringRef body, int lanes);

} // namespace bregman::ulp
