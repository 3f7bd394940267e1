// The module; what it does is its line's.
#include "frontend/torch/Activation.h"
#include "frontend/torch/ActivationLine.h"

#include <ATen/ops/empty.h>

#include <algorithm>

namespace bregman {

void ActivationImpl::reset() {
  parameters_.clear();
  values.clear();
  if (!line)
    return;
  for (const std::string &learned : line->learnedNames())
    values.push_back(register_parameter(learned, at::empty({1, 0}, at::kFloat)));
}

void ActivationImpl::become(State state) {
  line = std::move(state.line);
  name = std::move(state.name);
  values = std::move(state.values);
  parameters_ = std::move(state.parameters);
}

ActivationStates::ActivationStates(const Activations &activations) {
  for (const NamedActivation &activation : activations.modules)
    states.emplace_back(activation.module, activation.module->state());
}

ActivationStates::~ActivationStates() {
  for (auto &[module, state] : states)
    module->become(std::move(state));
}

void ActivationImpl::pretty_print(std::ostream &stream) const {
  stream << "bregman::Activation(" << (line ? line->quantizer() : "identity") << ")";
}

at::Tensor ActivationImpl::forward(const at::Tensor &x) {
  return line && quantizing ? line->quantize(*this, x) : x;
}

at::Tensor ActivationImpl::learned(const std::string &wanted) const {
  const at::Tensor *found = parameters_.find(wanted);
  return found ? *found : at::Tensor();
}

Activations activationsOf(const torch::nn::Module &module, std::shared_ptr<const Program> program) {
  Activations found;
  for (const auto &item : module.named_modules(/*name_prefix=*/"", /*include_self=*/false)) {
    auto activation = std::dynamic_pointer_cast<ActivationImpl>(item.value());
    if (!activation)
      continue;
    auto known = std::find_if(found.modules.begin(), found.modules.end(),
                              [&](const auto &other) { return other.module == activation; });
    if (known == found.modules.end())
      found.modules.push_back({{item.key()}, std::move(activation)});
    else
      known->names.push_back(item.key());
  }
  found.source = [program = std::move(program)](const std::string &quantizer,
                                                const CompileOptions &options) {
    return program->compileActivation(quantizer, options);
  };
  return found;
}

} // namespace bregman
