// Odd functions by eight intervals of widening width, one polynomial each: tanh, erf, inside atan.
#pragma once

#include "codegen/functions/LaneBuilder.h"

namespace bregman {

/// The tables of one function f on [0, last].
struct PiecewiseOdd {
  /// The interval of z is round(z (slope - bend z)), 0 to 7.
  float slope, bend;
  /// A point near the middle of each interval, chosen so that f there is nearly an f32.
  Table8 centre;
  Table8 value;
  /// coefficients[k][i] multiplies (z - centre[i])^k in (f(z) - value[i]) / (z - centre[i]).
  llvm::ArrayRef<Table8> coefficients;
};

/// f(z) as base + rest, the rest being the smaller; f(z) is their rounded sum.
struct OddPieces {
  mlir::Value base, offset, slope;
};

/// The pieces of f at 0 <= z <= last: f(z) = base + offset * slope. NaN gives NaN.
OddPieces buildPieces(LaneBuilder &b, mlir::Value z, const PiecewiseOdd &f);

/// f(x) for any x: odd, f(last) beyond the last interval.
mlir::Value buildPiecewiseOdd(LaneBuilder &b, mlir::Value x, const PiecewiseOdd &f, float last);

} // namespace bregman
