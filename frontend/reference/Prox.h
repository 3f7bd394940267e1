// The proximal step, as an argmin.
#pragma once

#include "frontend/reference/Clauses.h"

namespace bregman::reference {

/// x <- argmin_y (y - x)^2 / 2 + lr R(y) for every weight, with whatever is nearest, and whatever
/// is narrowed over weights, taken at the incoming x; `declared` knows everything there. The
/// objective is convex (rule Q8), so its derivative changes sign once. A latent that is not finite
/// stays.
mlir::FailureOr<Tensor> proximal(ProxOp prox, const Clauses &clauses, const Environment &declared,
                                 const Tensor &x, double lr);

} // namespace bregman::reference
