// The order of the passes.
#include "passes/Pipelines.h"

#include "passes/Passes.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void bregman::buildDerivePipeline(OpPassManager &manager, const DeriveOptions &options) {
  manager.addPass(createResolveUpdate());
}

void bregman::registerBregmanPipelines() {
  PassPipelineRegistration<DeriveOptions>(
      "bregman-derive", "From a quantizer and an optimizer as written to a derived method",
      buildDerivePipeline);
}
