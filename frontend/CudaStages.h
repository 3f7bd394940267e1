// The stages of a method's kernels for NVIDIA GPUs: gpu and ptx.
#pragma once

#include "codegen/CudaBackend.h"

namespace bregman {

class SourceLines;

/// The chip that `--target=cuda[:CHIP]` names, without one the oldest; nothing for `host`.
llvm::Expected<std::optional<CudaTarget>> cudaTargetOf(llvm::StringRef target);

/// The texts of all kernels of a method; `stage` is gpu or ptx. With `sources` the spec's line
/// stands beside each line.
llvm::Expected<std::string> cudaStage(mlir::ModuleOp kernels, llvm::StringRef stage,
                                      const CudaTarget &target, const SourceLines *sources);

} // namespace bregman
