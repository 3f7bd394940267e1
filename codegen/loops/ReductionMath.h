// What sums are made of, the same on every machine.
#pragma once

#include "dialect/BregmanDialect.h"

namespace bregman {

inline bool isExtremum(Reduction kind) { return kind == Reduction::Min || kind == Reduction::Max; }

/// What changes nothing: 0, or the infinity that every number is beyond.
double neutralOf(Reduction kind);

/// The less or the greater of two, scalars or vectors; a NaN stays.
mlir::Value extremumOf(mlir::OpBuilder &builder, mlir::Location loc, Reduction kind, mlir::Value a,
                       mlir::Value b);

/// Two accumulators in one: sums of floats or integers, or the extremum.
mlir::Value joinOf(mlir::OpBuilder &builder, mlir::Location loc, Reduction kind, mlir::Value a,
                   mlir::Value b);

/// Writes a field, all f64, of the abi::Partial at `record`.
void storePartialField(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value record, int field,
                       mlir::Value number);

} // namespace bregman
