// Straight-line IR between a variable and a value that is computed from it.
#pragma once

#include "dialect/BregmanDialect.h"

namespace bregman::calculus {

/// The values on the way from `variable` to `root`, equal computations being one value.
class Dependence {
public:
  Dependence(mlir::Value root, mlir::Value variable);

  /// The value that stands for all that are computed in the same way.
  mlir::Value unique(mlir::Value value) const;
  /// Whether the value depends on the variable.
  bool has(mlir::Value value) const { return dependent.contains(unique(value)); }
  /// What depends on the variable, operands before users, the root last; without the variable.
  llvm::ArrayRef<mlir::Value> values() const { return order; }
  /// The value nearest to `from`, one of these, through which alone that depends on the variable:
  /// at last the variable itself.
  mlir::Value waistBelow(mlir::Value from) const;

  const mlir::Value root, variable;

private:
  void visit(mlir::Value value);
  bool isReached(mlir::Value from, mlir::Value avoided) const;

  llvm::DenseMap<mlir::Value, mlir::Value> known;
  llvm::SmallVector<mlir::Operation *> all;
  llvm::DenseSet<mlir::Value> dependent;
  llvm::SmallVector<mlir::Value> order;
};

/// The range of a parameter, else the value in force.
Interval admissible(ParamOp param);
/// Where `value` lies when `variable` lies in `interval` and the host's numbers are anywhere
/// admissible.
Interval rangeOf(mlir::Value value, mlir::Value variable, Interval interval);
/// Whether a value is known not to be below 0.
bool isNonNegative(mlir::Value value);

} // namespace bregman::calculus
