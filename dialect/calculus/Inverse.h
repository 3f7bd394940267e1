// The inverse of straight-line IR in one variable by the calculus interface and by algebra.
#pragma once

#include "dialect/BregmanDialect.h"

namespace bregman {

/// Emits the value of `variable` at which `root` is `result`, if there is one. Fails, and emits
/// nothing that is used, where neither the functions on the way have closed inverses nor an
/// equation for several occurrences of the variable has one known solution. What defines the other
/// operands on the way must dominate the builder's place.
mlir::FailureOr<mlir::Value> invert(mlir::OpBuilder &builder, mlir::Value root,
                                    mlir::Value variable, mlir::Value result);

/// Rewrites the logarithms of quotients near 1 among what `value` was computed by from `variable`,
/// which lose their digits there. Gives the new value.
mlir::Value sharpenLogarithms(mlir::OpBuilder &builder, mlir::Value value, mlir::Value variable);

} // namespace bregman
