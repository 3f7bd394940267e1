// Rule Q11, as far as a spec tells it: which host scalars are above 0 and would spoil the
// projection if they rounded to 0 in f32.
#pragma once

#include "passes/Clauses.h"

namespace bregman {

/// Host values, as `quantizer` computes them, in the order in which they are read. At 0 the
/// projection would be no number somewhere, or the same for all weights; or else they are what
/// agile mirror descent scales its dual by.
llvm::SmallVector<mlir::Value> positiveScalars(Clauses &clauses);

} // namespace bregman
