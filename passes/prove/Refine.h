// Structure where slopes alone say nothing: a function of one inner value, as u / (1 + |u|), is
// analysed in that value by the algebra, whatever the inner value is made of.
#pragma once

#include "passes/prove/Algebra.h"
#include "passes/prove/Structure.h"

#include <optional>

namespace bregman::prove {

/// `isMonotone` tells which inner values are worth a look, `ranges` where they lie.
std::optional<Refined> refine(Scratch &scratch, mlir::Value value,
                              llvm::function_ref<bool(mlir::Value)> isMonotone,
                              const llvm::DenseMap<mlir::Value, Interval> &ranges);

/// What a value tends to where an inner value through which alone it depends on the latent tends to
/// an infinity, by the limits of all values.
std::optional<Fraction> limitThrough(Scratch &scratch, Algebra &algebra, mlir::Value value,
                                     const llvm::DenseMap<mlir::Value, Interval> &limits);

} // namespace bregman::prove
