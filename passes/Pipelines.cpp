// The order of the passes.
#include "passes/Pipelines.h"

#include "passes/Passes.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

static void addCleanup(OpPassManager &manager) {
  manager.addPass(bregman::createSimplify());
  manager.addPass(createCSEPass());
}

void bregman::buildDerivePipeline(OpPassManager &manager, const DeriveOptions &options) {
  std::vector<std::string> learned(options.learned.begin(), options.learned.end());
  SelectOptions select;
  select.quantizer = options.quantizer;
  select.optimizer = options.optimizer;
  ComposeOptions compose;
  compose.optimizer = options.optimizer;
  select.learned.assign(learned.begin(), learned.end());
  compose.learned.assign(learned.begin(), learned.end());
  manager.addPass(createSelect(select));
  // Equal host expressions are one value for what follows.
  manager.addPass(createCSEPass());
  manager.addPass(createResolveUpdate({options.constrained}));
  manager.addPass(createExpandInverse()); // of P, before its coordinate changes
  manager.addPass(createChangeCoordinate());
  manager.addPass(createExpandVjp());
  manager.addPass(createExpandProx());
  manager.addPass(createExpandFit());
  manager.addPass(createCompose(compose));
  addCleanup(manager);
  manager.addPass(createReduceTwoLevels());
  addCleanup(manager);
}

void bregman::buildKernelPipeline(OpPassManager &manager, const KernelOptions &options) {
  manager.addPass(createFormKernels({options.element}));
  addCleanup(manager);
}

void bregman::buildActivationDerivePipeline(OpPassManager &manager, const DeriveOptions &options) {
  SelectOptions select;
  select.quantizer = options.quantizer;
  select.optimizer = options.optimizer;
  ComposeOptions compose;
  compose.optimizer = options.optimizer;
  manager.addPass(createSelect(select));
  manager.addPass(createCSEPass());
  manager.addPass(createResolveActivation());
  manager.addPass(createExpandVjp());
  manager.addPass(createExpandFit());
  manager.addPass(createCompose(compose));
  addCleanup(manager);
}

void bregman::buildActivationKernelPipeline(OpPassManager &manager, const KernelOptions &options) {
  manager.addPass(createFormActivation({options.element}));
  addCleanup(manager);
}

void bregman::registerBregmanPipelines() {
  PassPipelineRegistration<DeriveOptions>(
      "bregman-derive", "From a quantizer and an optimizer as written to a derived method",
      buildDerivePipeline);
  PassPipelineRegistration<KernelOptions>("bregman-kernels", "From a derived method to its kernels",
                                          buildKernelPipeline);
  PassPipelineRegistration<DeriveOptions>(
      "bregman-derive-activation", "From a quantizer of activations as written to a derived method",
      buildActivationDerivePipeline);
  PassPipelineRegistration<KernelOptions>("bregman-kernels-activation",
                                          "From such a method to its kernels",
                                          buildActivationKernelPipeline);
}
