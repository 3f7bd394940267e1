// The vocabulary in which the language's own functions are written before any loop exists: f32
// arithmetic per weight, with or without a level axis, in comparisons and selects whose order lets
// NaN pass.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace bregman {

class ValueBuilder {
public:
  ValueBuilder(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  /// A constant of the type of `like`.
  mlir::Value constant(mlir::Value like, float value);

  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value neg(mlir::Value a);
  mlir::Value abs(mlir::Value a);
  mlir::Value floor(mlir::Value a);
  mlir::Value sqrt(mlir::Value a);
  mlir::Value exp(mlir::Value a);
  mlir::Value sigmoid(mlir::Value a);

  // Ordered comparisons: false where an operand is NaN.
  mlir::Value less(mlir::Value a, mlir::Value b);
  mlir::Value greater(mlir::Value a, mlir::Value b);
  mlir::Value atLeast(mlir::Value a, mlir::Value b);
  mlir::Value equal(mlir::Value a, mlir::Value b);
  /// Whether a or b is NaN.
  mlir::Value eitherIsNaN(mlir::Value a, mlir::Value b);
  mlir::Value both(mlir::Value a, mlir::Value b);
  mlir::Value either(mlir::Value a, mlir::Value b);
  mlir::Value negate(mlir::Value condition);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);

  /// The smaller, the larger of both; NaN where either is. One instruction of x86 where one of both
  /// is a constant, else three.
  mlir::Value minimum(mlir::Value a, mlir::Value b);
  mlir::Value maximum(mlir::Value a, mlir::Value b);
  /// The same in one instruction, `b` where either is NaN: for who lets NaN in by another way.
  mlir::Value minimumOfNumbers(mlir::Value a, mlir::Value b);
  mlir::Value maximumOfNumbers(mlir::Value a, mlir::Value b);

  /// Each level of a value with a level axis, and back.
  llvm::SmallVector<mlir::Value> levelsOf(mlir::Value vector);
  mlir::Value fromLevels(llvm::ArrayRef<mlir::Value> levels);

  /// `combine` over all of `values` as a tree of neighbours, (v0 v1) (v2 v3) ...: this order is
  /// part of the bits.
  using Combine = llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)>;
  static mlir::Value tree(llvm::ArrayRef<mlir::Value> values, Combine combine);
  mlir::Value sum(llvm::ArrayRef<mlir::Value> values);

private:
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value a, mlir::Value b);

  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace bregman
