// The oracle's arithmetic: regions of the dialect in double precision, with the derivative along
// one direction carried beside each value. It shares nothing with code generation, nor with the
// calculus by which the compiler derives: each rule is written a second time, on purpose.
#pragma once

#include "dialect/BregmanDialect.h"

namespace bregman::reference {

/// A value and its derivative along the direction that was seeded.
struct Dual {
  double value = 0;
  double tangent = 0;
};

/// One entry, or one per level. Conditions are 0 or 1.
using Value = llvm::SmallVector<Dual, 4>;

/// What is known of SSA values: parameters, counters, captured declarations, block arguments.
using Environment = llvm::DenseMap<mlir::Value, Value>;

/// Evaluates the operations of a block into `environment`, up to the terminator. Nested clause
/// regions are not entered. The IR has been verified; an operation that the language does not have
/// is our bug and fails with its name.
mlir::LogicalResult evaluate(mlir::Block &block, Environment &environment);

/// Evaluates one operation.
mlir::LogicalResult evaluate(mlir::Operation &operation, Environment &environment);

/// A constant value.
Value constant(double value, int64_t levels = 1);

/// The level that `nearest` chooses; ties go to the larger.
double nearestLevel(double value, llvm::ArrayRef<Dual> levels);

} // namespace bregman::reference
