// The learned values' part of a step: what stands behind `scaled`, the move, the range.
#pragma once

#include "frontend/reference/BaseOptimizer.h"

namespace bregman::reference {

/// dL/dn times what `scaled` says, an entry per segment.
mlir::FailureOr<Tensor> scaledGradient(LearnOp learn, const Variable &variable, Tensor gradient,
                                       const Environment &declared);

/// An instance of a base optimizer that moves it, of a tensor of `weights`.
BaseOptimizer optimizerOf(const Variable &variable, OptimizerOp optimizer, Shape weights);

/// n - B(n, h), into its range.
mlir::LogicalResult moveLearned(LearnOp learn, Variable &variable, const Tensor &h,
                                BaseOptimizer &base, const Parameters &parameters,
                                const Clock &clock);

void clampToRange(LearnOp learn, Variable &variable);

} // namespace bregman::reference
