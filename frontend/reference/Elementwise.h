// The rules of the functions that are applied weight by weight and level by level.
#pragma once

#include "frontend/reference/Tensor.h"

#include "dialect/BregmanDialect.h"

namespace bregman::reference {

using Unary = Dual (*)(Dual);
using Binary = Dual (*)(Dual, Dual);

/// The rule of an operation, or null where it is no function of one, or of two.
Unary unaryRule(mlir::Operation &op);
Binary binaryRule(mlir::Operation &op);

bool compares(mlir::arith::CmpFPredicate predicate, double a, double b);
Dual clamp(Dual x, Dual low, Dual high);

} // namespace bregman::reference
