// The first latent, and P^-1 in it.
#pragma once

#include "frontend/reference/Clauses.h"

namespace bregman::reference {

/// The `latent` clause at w0, with schedules at 0. `inverse(e)` is found by bisection: the target
/// increases strictly with the latent (rule Q7).
mlir::FailureOr<Tensor> firstLatent(const Clauses &clauses, const Environment &host,
                                    const Tensor &w0);

} // namespace bregman::reference
