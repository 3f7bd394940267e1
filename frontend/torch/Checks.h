// What a parameter must be for Bregman to train it; each refusal names it and says the remedy.
#pragma once

#include "frontend/torch/Optimizer.h"

namespace bregman {

/// The element type of a parameter; throws for one that is neither on the CPU nor on a CUDA device,
/// not dense, or of a type that no kernel reads.
ElementType elementOf(const NamedParameter &parameter);
/// The same of the input of the activation of this name.
ElementType elementOfInput(const at::Tensor &x, const std::string &activation);

/// The same; also throws where the parameter of the float branch is not like it.
void checkPair(const NamedParameter &parameter);

/// Throws where the parameter is not on `device`, of type `element` and of `size` elements any
/// more, or its gradient is sparse or not like it.
void checkStep(const NamedParameter &parameter, c10::Device device, ElementType element,
               int64_t size);

/// The gradient as dense memory in the parameter's order, undefined where there is none.
at::Tensor gradientOf(const NamedParameter &parameter);

/// Throws where two different parameters lie in the same memory: one step would move it twice.
void checkDisjoint(const std::vector<NamedParameter> &parameters);

} // namespace bregman
