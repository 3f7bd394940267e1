// Only the two definitions that are asked for go through the passes.
#include "frontend/Derivation.h"

#include "passes/Pipelines.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace bregman;

/// A module of these definitions alone.
static OwningOpRef<ModuleOp> moduleOf(ModuleOp source, const llvm::SetVector<StringRef> &names) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(source.getLoc());
  for (StringRef name : names)
    if (Operation *definition = SymbolTable::lookupSymbolIn(source, name))
      module->push_back(definition->clone());
  return module;
}

static void trust(PassManager &manager) {
#ifdef NDEBUG
  manager.enableVerifier(false);
#endif
}

static std::string nameOf(ElementType element) {
  return element == ElementType::BF16 ? "bf16" : element == ElementType::F16 ? "f16" : "f32";
}

FailureOr<OwningOpRef<ModuleOp>>
bregman::deriveMethod(ModuleOp source, StringRef quantizer, StringRef optimizer, MethodStage stage,
                      ElementType element,
                      const std::vector<std::pair<std::string, std::string>> &learned,
                      bool constrained) {
  llvm::SetVector<StringRef> names;
  names.insert(quantizer);
  names.insert(optimizer);
  for (const auto &[value, other] : learned)
    names.insert(other);
  OwningOpRef<ModuleOp> module = moduleOf(source, names);
  PassManager manager(source.getContext());
  trust(manager);
  DeriveOptions derive;
  derive.quantizer = quantizer.str();
  derive.optimizer = optimizer.str();
  SmallVector<std::string> others;
  for (const auto &[value, other] : learned)
    others.push_back(value + ":" + other);
  derive.learned = others;
  derive.constrained = constrained;
  buildDerivePipeline(manager, derive);
  if (stage == MethodStage::Kernel) {
    KernelOptions kernels;
    kernels.element = nameOf(element);
    buildKernelPipeline(manager, kernels);
  }
  if (failed(manager.run(*module)))
    return failure();
  return module;
}

FailureOr<OwningOpRef<ModuleOp>> bregman::deriveActivation(ModuleOp source, StringRef quantizer,
                                                           StringRef still, MethodStage stage,
                                                           ElementType element) {
  llvm::SetVector<StringRef> names;
  names.insert(quantizer);
  names.insert(still);
  OwningOpRef<ModuleOp> module = moduleOf(source, names);
  PassManager manager(source.getContext());
  trust(manager);
  DeriveOptions derive;
  derive.quantizer = quantizer.str();
  derive.optimizer = still.str();
  buildActivationDerivePipeline(manager, derive);
  if (stage == MethodStage::Kernel) {
    KernelOptions kernels;
    kernels.element = nameOf(element);
    buildActivationKernelPipeline(manager, kernels);
  }
  if (failed(manager.run(*module)))
    return failure();
  return module;
}
