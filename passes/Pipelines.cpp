// The order of the passes.
#include "passes/Pipelines.h"

#include "passes/Passes.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

/// Only exact folds, and nothing that takes a constant's place in the spec away.
static void addCleanup(OpPassManager &manager) {
  GreedyRewriteConfig config;
  config.enableConstantCSE(false);
  // Every region of the dialect is one block.
  config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  manager.addPass(createCanonicalizerPass(config));
  manager.addPass(createCSEPass());
}

void bregman::buildDerivePipeline(OpPassManager &manager, const DeriveOptions &options) {
  manager.addPass(createSelect({options.quantizer, options.optimizer}));
  // Equal host expressions are one value for what follows.
  manager.addPass(createCSEPass());
  manager.addPass(createResolveUpdate());
  manager.addPass(createChangeCoordinate());
  manager.addPass(createExpandVjp());
  manager.addPass(createExpandProx());
  manager.addPass(createCompose());
  addCleanup(manager);
  manager.addPass(createReduceTwoLevels());
  addCleanup(manager);
}

void bregman::buildKernelPipeline(OpPassManager &manager, const KernelOptions &options) {
  manager.addPass(createFormKernels({options.element}));
  addCleanup(manager);
}

void bregman::registerBregmanPipelines() {
  PassPipelineRegistration<DeriveOptions>(
      "bregman-derive", "From a quantizer and an optimizer as written to a derived method",
      buildDerivePipeline);
  PassPipelineRegistration<KernelOptions>("bregman-kernels", "From a derived method to its kernels",
                                          buildKernelPipeline);
}
