// Sums, means, extremes and deviations: over the levels of a weight, or over the weights of a
// segment.
#pragma once

#include "frontend/reference/Shape.h"
#include "frontend/reference/Tensor.h"

namespace bregman::reference {

/// Over the level axis, weight by weight.
Tensor narrowLevels(Reduction kind, const Tensor &operand);

/// Over the weights of each segment where `condition` holds (null: everywhere). The result has an
/// entry per weight, the same for all of a segment; a level axis stays.
Tensor narrowWeights(Reduction kind, const Segments &segments, const Tensor &operand,
                     const Tensor *condition);

} // namespace bregman::reference
