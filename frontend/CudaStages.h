// The stages of a method's kernels for NVIDIA GPUs: gpu, ptx and sass.
#pragma once

#include "codegen/CudaBackend.h"

namespace bregman {

class SourceLines;

/// The chip that `--target=cuda[:CHIP]` names, without one the oldest; nothing for `host`.
llvm::Expected<std::optional<CudaTarget>> cudaTargetOf(llvm::StringRef target);

/// The texts of all kernels of a method; `stage` is gpu, ptx or sass. With `sources` the spec's
/// line stands beside each line; machine code has none.
llvm::Expected<std::string> cudaStage(mlir::ModuleOp kernels, llvm::StringRef stage,
                                      const CudaTarget &target, const SourceLines *sources);

/// What the kernels of a step take of a multiprocessor, for `explain`; empty without ptxas.
llvm::Expected<std::string> describeResources(mlir::ModuleOp kernels, const CudaTarget &target);

} // namespace bregman
