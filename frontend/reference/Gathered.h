// The scale of a latent that is not multiplied by it alike everywhere: x / (T + abs(x)) is a
// function of x / T.
#pragma once

#include "frontend/reference/Interpreter.h"

namespace bregman::reference {

/// Whether a host value changes from step to step.
bool moves(mlir::Value value);

/// c of P(x) = R(c x), where R is P with 1 for each of the host's numbers that move. The prover has
/// checked that there is such an R (rule Q13). `inside` knows the values of the body at some
/// latent.
double gatheredScale(ProjectOp project, mlir::Value latent, const Environment &inside);

} // namespace bregman::reference
