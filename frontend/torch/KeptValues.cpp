// Values that are given back.
#include "frontend/torch/KeptValues.h"

#include <ATen/core/Tensor.h>
#include <c10/core/InferenceMode.h>

namespace bregman {

KeptValues::KeptValues(const std::vector<NamedParameter> &parameters) {
  c10::InferenceMode guard;
  for (const NamedParameter &parameter : parameters)
    for (const at::Tensor &tensor : {parameter.tensor, parameter.high})
      if (tensor.defined() && tensor.numel() > 0)
        kept.push_back({parameter.name, tensor, tensor.detach().clone()});
}

std::string KeptValues::giveBack() const {
  c10::InferenceMode guard;
  std::string lost;
  for (const Kept &each : kept)
    try {
      each.tensor.detach().copy_(each.values);
    } catch (const std::exception &) {
      lost += (lost.empty() ? "'" : ", '") + each.name + "'";
    }
  return lost;
}

void KeptValues::during(const std::function<void()> &write) const {
  try {
    write();
  } catch (const std::exception &error) {
    std::string lost = giveBack();
    if (lost.empty())
      throw;
    const auto *own = dynamic_cast<const Exception *>(&error);
    raise(own ? own->kind() : ErrorKind::Environment,
          std::string(error.what()) +
              "\nnote: these could not be given their values back: " + lost);
  }
}

} // namespace bregman
