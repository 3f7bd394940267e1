// The coordinate in which agile mirror descent is a subtraction.
#pragma once

#include "frontend/reference/Clauses.h"

namespace bregman::reference {

/// c of P(x) = R(c x): what the latent is multiplied with wherever it occurs (rule Q13, which the
/// prover has checked).
mlir::FailureOr<double> coordinateScale(const Clauses &clauses, const Environment &host);

} // namespace bregman::reference
