// Only the two definitions that are asked for go through the passes.
#include "frontend/Derivation.h"

#include "passes/Pipelines.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace bregman;

FailureOr<OwningOpRef<ModuleOp>>
bregman::deriveMethod(ModuleOp source, StringRef quantizer, StringRef optimizer, MethodStage stage,
                      ElementType element,
                      const std::vector<std::pair<std::string, std::string>> &learned) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(source.getLoc());
  llvm::SetVector<StringRef> names;
  names.insert(quantizer);
  names.insert(optimizer);
  for (const auto &[value, other] : learned)
    names.insert(other);
  for (StringRef name : names)
    if (Operation *definition = SymbolTable::lookupSymbolIn(source, name))
      module->push_back(definition->clone());
  PassManager manager(source.getContext());
#ifdef NDEBUG
  manager.enableVerifier(false);
#endif
  DeriveOptions derive;
  derive.quantizer = quantizer.str();
  derive.optimizer = optimizer.str();
  SmallVector<std::string> others;
  for (const auto &[value, other] : learned)
    others.push_back(value + ":" + other);
  derive.learned = others;
  buildDerivePipeline(manager, derive);
  if (stage == MethodStage::Kernel) {
    KernelOptions kernels;
    kernels.element = element == ElementType::BF16  ? "bf16"
                      : element == ElementType::F16 ? "f16"
                                                    : "f32";
    buildKernelPipeline(manager, kernels);
  }
  if (failed(manager.run(*module)))
    return failure();
  return module;
}
