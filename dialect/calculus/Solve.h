// The two ways to invert a function in which the variable occurs more than once.
#pragma once

#include "dialect/calculus/Dependence.h"

namespace bregman::calculus {

/// What `unknown`, a value on the way from the root to the variable, has to be.
struct Solution {
  mlir::Value unknown, value;
};

/// Solves `root == result` as an equation between polynomials of the variable, or of one
/// exponential of it, that has one solution whatever else is in it: of degree 1, or of degree 2
/// without the linear term where the unknown is not negative. With `mayHaveRoot` one square root is
/// squared away.
mlir::FailureOr<Solution> solve(mlir::OpBuilder &builder, const Dependence &dependence,
                                mlir::Value result, bool mayHaveRoot = true);

/// The variable at which `root`, an odd function of it with one sign on each side of 0, is
/// `result`: the size of the one follows from the size of the other.
mlir::FailureOr<mlir::Value> invertOdd(mlir::OpBuilder &builder, const Dependence &dependence,
                                       mlir::Value result);

} // namespace bregman::calculus
