// The order of the passes below a kernel, for the compiler and, by name, for `bregman-opt`.
#include "codegen/Pipelines.h"
#include "codegen/Passes.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace bregman {

void buildLoopsPipeline(OpPassManager &pm, const LoopOptions &options) {
  pm.addPass(createExpandValues());
  pm.addPass(createUnrollLevels());
  pm.addPass(createLowerToLoops(
      {.lanes = options.lanes, .vectors = options.vectors, .variant = options.variant}));
  // Constants and what was computed twice; this also removes what nothing reads.
  pm.addPass(createCSEPass());
}

void buildGpuPipeline(OpPassManager &pm, bool fast) {
  pm.addPass(createExpandValues());
  pm.addPass(createUnrollLevels());
  pm.addPass(createLowerToGpu());
  if (fast)
    pm.addPass(createApproximateMath());
  pm.addPass(createCSEPass());
}

void buildLLVMPipeline(OpPassManager &pm, bool tablesInMemory) {
  pm.addPass(createExpandFunctions({.inMemory = tablesInMemory}));
  pm.addPass(createCSEPass());
  pm.addPass(createVerifyNoLibcalls());
  pm.addPass(createLowerToLLVM());
}

namespace {
struct LoopsPipelineOptions : PassPipelineOptions<LoopsPipelineOptions> {
  Option<int> lanes{*this, "lanes", llvm::cl::desc("f32 lanes of a vector: 16 or 8"),
                    llvm::cl::init(16)};
  Option<int> vectors{*this, "vectors", llvm::cl::desc("vectors of one iteration; 0: the best"),
                      llvm::cl::init(0)};
  Option<LoopVariant> variant{
      *this, "variant", llvm::cl::desc("plain or streaming"), llvm::cl::init(LoopVariant::Plain),
      llvm::cl::values(clEnumValN(LoopVariant::Plain, "plain", "any size and alignment"),
                       clEnumValN(LoopVariant::Streaming, "streaming", "whole aligned vectors"))};
};
} // namespace

void registerCodegenPipelines() {
  PassPipelineRegistration<LoopsPipelineOptions>(
      "bregman-loops-pipeline", "From a kernel to its loop",
      [](OpPassManager &pm, const LoopsPipelineOptions &options) {
        buildLoopsPipeline(
            pm, {.lanes = options.lanes, .variant = options.variant, .vectors = options.vectors});
      });
  PassPipelineRegistration<>("bregman-gpu-pipeline", "From a kernel to its function for a GPU",
                             [](OpPassManager &pm) { buildGpuPipeline(pm); });
  PassPipelineRegistration<>("bregman-llvm-pipeline", "From a loop to the LLVM dialect",
                             [](OpPassManager &pm) { buildLLVMPipeline(pm); });
  PassPipelineRegistration<>(
      "bregman-nvvm-pipeline", "From a function for a GPU to the dialects llvm and nvvm",
      [](OpPassManager &pm) { buildLLVMPipeline(pm, /*tablesInMemory=*/true); });
}

} // namespace bregman
