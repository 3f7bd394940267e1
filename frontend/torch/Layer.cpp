// Modules that a plan's constraints can name.
#include "frontend/torch/Layer.h"

namespace bregman {

Watched::~Watched() = default;

void Watched::watch(bool on) {
  watching = on;
  forget();
}

void Watched::forget() {
  lastInput = at::Tensor();
  lastOutput = at::Tensor();
}

const at::Tensor &Watched::input() const {
  if (lastInput.defined() && !lastInput.is_inference() && lastInput._version() != inputVersion)
    raise(ErrorKind::Usage, "the input of a layer that a constraint names was changed in place "
                            "after it had been used; write to a copy: clone()");
  return lastInput;
}

at::Tensor Watched::remember(const at::Tensor &input, at::Tensor output) {
  if (!watching)
    return output;
  lastInput = input;
  inputVersion = input.is_inference() ? 0 : input._version();
  lastOutput = output.clone(); // what follows may work in place, as `relu_` does
  return output;
}

} // namespace bregman
