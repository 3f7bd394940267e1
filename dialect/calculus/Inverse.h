// The inverse of straight-line IR in one variable by the calculus interface alone.
#pragma once

#include "dialect/BregmanDialect.h"

namespace bregman {

/// Emits the value of `variable` at which `root` is `result`. Fails, and emits nothing that is
/// used, where the variable occurs more than once on the way or a function on it has no closed
/// inverse. What defines the other operands on the way must dominate the builder's place.
mlir::FailureOr<mlir::Value> invert(mlir::OpBuilder &builder, mlir::Value root,
                                    mlir::Value variable, mlir::Value result);

} // namespace bregman
