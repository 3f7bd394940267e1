// Two instances of one network as the branches of constrained training.
#include "frontend/torch/BranchPairs.h"

#include <c10/core/GradMode.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>

#include <set>

namespace bregman {

/// What each branch has for itself.
static std::set<const void *> ownParameters(const torch::nn::Module &network) {
  std::set<const void *> own;
  for (const auto &module : network.modules())
    if (module->as<torch::nn::BatchNorm1dImpl>() || module->as<torch::nn::BatchNorm2dImpl>() ||
        module->as<torch::nn::BatchNorm3dImpl>())
      for (const at::Tensor &parameter : module->parameters())
        own.insert(parameter.unsafeGetTensorImpl());
  return own;
}

std::vector<NamedParameter> pairBranches(torch::nn::Module &high, torch::nn::Module &low) {
  if (&high == &low)
    raise(ErrorKind::Usage, "both branches are the same network; make two instances of it");
  torch::OrderedDict<std::string, at::Tensor> twins = high.named_parameters();
  std::set<const void *> own = ownParameters(low);
  std::vector<NamedParameter> parameters;
  const std::vector<NamedParameter> ofLow = parametersOf(low);
  for (const NamedParameter &parameter : ofLow) {
    const at::Tensor *twin = twins.find(parameter.name);
    if (!twin || twin->sizes() != parameter.tensor.sizes())
      raise(ErrorKind::Usage, "the float branch has no parameter '" + parameter.name +
                                  "' of the same shape; make both networks in the same way");
    if (twin->is_same(parameter.tensor))
      raise(ErrorKind::Usage, "both branches have the same tensor as '" + parameter.name +
                                  "'; make two instances of the network");
    if (own.contains(parameter.tensor.unsafeGetTensorImpl())) {
      parameters.push_back({parameter.name, parameter.tensor});
      parameters.push_back({parameter.name, *twin, {}, /*isFloat=*/true});
    } else {
      parameters.push_back({parameter.name, parameter.tensor, *twin});
    }
  }
  if (parametersOf(high).size() != ofLow.size())
    raise(ErrorKind::Usage, "the float branch has parameters that the low branch does not have; "
                            "make both networks in the same way");
  return parameters;
}

void equalize(torch::nn::Module &high, torch::nn::Module &low) {
  c10::AutoGradMode noGrad(false);
  torch::OrderedDict<std::string, at::Tensor> twins = high.named_parameters();
  for (const NamedParameter &parameter : parametersOf(low))
    twins[parameter.name].detach().copy_(parameter.tensor);
}

void makeConstant(const std::vector<NamedParameter> &parameters, const Optimizer &optimizer) {
  std::set<std::string> learning;
  for (const NamedParameter &value : optimizer.learned())
    learning.insert(value.name.substr(0, value.name.rfind('/')));
  for (const NamedParameter &parameter : parameters)
    if (parameter.high.defined() && !learning.contains(parameter.name))
      at::Tensor(parameter.tensor).set_requires_grad(false);
}

} // namespace bregman
