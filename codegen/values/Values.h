// The functions of the language that are no operation of a machine, as comparisons, selects and
// arithmetic. Semantics: the language's page "Numbers". Every function passes NaN.
#pragma once

#include "codegen/values/ValueBuilder.h"
#include "dialect/BregmanDialect.h"

namespace bregman {

/// -1 below zero, else 1.
mlir::Value buildSign(ValueBuilder &b, mlir::Value x);
/// -1, 0 or 1; a zero keeps its sign.
mlir::Value buildSgn(ValueBuilder &b, mlir::Value x);
/// The nearest integer, ties to the larger; exact for every f32.
mlir::Value buildRound(ValueBuilder &b, mlir::Value x);
/// min(max(x, low), high).
mlir::Value buildClamp(ValueBuilder &b, mlir::Value x, mlir::Value low, mlir::Value high);

/// The largest exponent that buildPower takes.
inline constexpr int64_t largestPower = 64;
/// x^exponent by squaring, -largestPower <= exponent <= largestPower: h^2 is h h, h^3 (h h) h.
mlir::Value buildPower(ValueBuilder &b, mlir::Value x, int64_t exponent);

// Staircases over `levels`, a value with a level axis, in any order. Of constant levels the
// midpoints are exact; else they are rounded to f32.

mlir::Value buildNearest(ValueBuilder &b, mlir::Value x, mlir::Value levels);
mlir::Value buildLower(ValueBuilder &b, mlir::Value x, mlir::Value levels);
mlir::Value buildUpper(ValueBuilder &b, mlir::Value x, mlir::Value levels);
mlir::Value buildSoftNearest(ValueBuilder &b, mlir::Value x, mlir::Value steepness,
                             mlir::Value levels);

/// softmax(scale * x) over the level axis, by exp(scale * (x - max x)); of two levels by one exp.
/// `scale` is null for 1.
mlir::Value buildSoftmax(ValueBuilder &b, mlir::Value x, mlir::Value scale);
/// The Euclidean projection onto the simplex: max(x - tau, 0) with tau the largest of
/// (the sum of the k largest - 1) / k (Held, Wolfe, Crowder 1974).
mlir::Value buildSparsemax(ValueBuilder &b, mlir::Value x);
/// 1 at the largest level, the last one of equals, else 0.
mlir::Value buildHardmax(ValueBuilder &b, mlir::Value x);
/// One value per weight from its levels.
mlir::Value buildReduction(ValueBuilder &b, Reduction kind, mlir::Value x);

/// The levels in increasing order, by a network of exchanges. NaN may end up anywhere, or nowhere.
llvm::SmallVector<mlir::Value> buildSorted(ValueBuilder &b, llvm::ArrayRef<mlir::Value> levels);

} // namespace bregman
