// The passes from the stage `kernel` to the LLVM dialect, in their order.
#pragma once

#include "codegen/LoopVariant.h"

#include "mlir/Pass/PassManager.h"

namespace bregman {

/// A module of one kernel -> its loop (stage `loops`): the language's functions are arithmetic, the
/// elementary functions still have their names.
void buildLoopsPipeline(mlir::OpPassManager &pm, const LoopOptions &options);

/// The same for a GPU (stage `gpu`); `fast` lets it approximate.
void buildGpuPipeline(mlir::OpPassManager &pm, bool fast = false);

/// A loop, or a function for a GPU -> the LLVM dialect. No LLVM pass runs on IR afterwards. A GPU's
/// functions look up in memory.
void buildLLVMPipeline(mlir::OpPassManager &pm, bool tablesInMemory = false);

/// Registers them for `bregman-opt`: --bregman-loops-pipeline (with lanes and variant),
/// --bregman-gpu-pipeline, --bregman-llvm-pipeline and --bregman-nvvm-pipeline.
void registerCodegenPipelines();

} // namespace bregman
