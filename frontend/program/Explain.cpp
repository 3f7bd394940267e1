// What `bregman explain` says of a method: its parts come from frontend/explain.
#include "frontend/program/Program.h"

#include "frontend/CudaStages.h"
#include "frontend/explain/Explain.h"
#include "frontend/explain/Picture.h"

using namespace mlir;
using namespace bregman;

Result<Explanation> Program::explain(const ExplainOptions &options) const {
  std::lock_guard lock(impl->mutex);
  Result<std::string> quantizer = impl->chosen(options.quantizer);
  if (!quantizer)
    return quantizer.error();
  llvm::Expected<std::optional<CudaTarget>> target = cudaTargetOf(options.target);
  if (!target)
    return Error{ErrorKind::Usage, llvm::toString(target.takeError())};
  if (Status failed = impl->require(*quantizer, /*isOptimizer=*/false))
    return *failed;
  auto op = impl->module->lookupSymbol<QuantizerOp>(*quantizer);
  std::string optimizer = options.optimizer.empty() ? "momentum" : options.optimizer;
  bool ofActivations = isOfActivations(op);
  if (ofActivations && *target)
    return Error{ErrorKind::Usage,
                 "activations are quantized on the host alone, not on `" + options.target + "`"};
  auto kernels = ofActivations
                     ? impl->deriveActivation(*quantizer, MethodStage::Kernel, options.element)
                     : impl->derive(*quantizer, optimizer, MethodStage::Kernel, options.element);
  if (!kernels)
    return kernels.error();
  std::string resources;
  if (*target) {
    llvm::Expected<std::string> described = describeResources(**kernels, **target);
    if (!described)
      return internal(described.takeError());
    resources = "\n" + *described;
  }
  Explanation result;
  double bandwidth = explain::measureBandwidth();
  if (ofActivations)
    result.text = *quantizer + ", of activations\n\n" + explain::describeMethod(op, {}) + "\n" +
                  explain::describeRules(op) + "\n" +
                  explain::describeActivationCost(**kernels, bandwidth) + resources;
  else
    result.text = *quantizer + " by " + optimizer + "\n\n" +
                  explain::describeMethod(op, impl->module->lookupSymbol<OptimizerOp>(optimizer)) +
                  "\n" + explain::describeRules(op) + "\n" +
                  explain::describeCost(**kernels, options.element, bandwidth) + resources;
  if (!options.picture)
    return result;
  Result<std::string> svg = explain::draw(op, options.timing);
  if (!svg)
    return svg.error();
  result.svg = std::move(*svg);
  return result;
}
