// A constraint's expression on what the two branches give, in LibTorch and differentiable.
#pragma once

#include "frontend/Constraint.h"

#include <ATen/core/Tensor.h>

#include <span>

namespace bregman {

/// The value of `program`, averaged over everything that its reductions leave. `scalars` are the
/// values of its host program. The class axis is axis 1. Functions and derivatives are those that
/// the language fixes. Throws an Exception where `high` and `low` are not alike, or have no class
/// axis; `what` names them in the message.
BREGMAN_API at::Tensor evaluateDistance(const TensorProgram &program,
                                        std::span<const double> scalars, const at::Tensor &high,
                                        const at::Tensor &low, const std::string &what);

} // namespace bregman
