// `fit`: the unknowns of a codebook by assignment and least squares.
#pragma once

#include "frontend/reference/Interpreter.h"

namespace bregman::reference {

/// Evaluates a fit: one tensor per unknown. It has no derivative.
mlir::LogicalResult evaluateFit(FitOp fit, Environment &environment);

/// Solves a symmetric system in place by elimination with pivoting; false where it is singular.
bool solve(std::vector<std::vector<double>> matrix, std::vector<double> right,
           std::vector<double> &solution);

} // namespace bregman::reference
