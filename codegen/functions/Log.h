// The logarithm's parts, which atanh and pow share.
#pragma once

#include "codegen/functions/DoubleFloat.h"

namespace bregman {

/// The bits of sqrt(1/2), where the fraction's range begins.
inline constexpr uint32_t sqrtHalfBits = 0x3f3504f3;

/// v = 2^exponent * mantissa, 0.707 <= mantissa < 1.414.
struct SplitNumber {
  mlir::Value exponent, mantissa;
};

/// Splits a positive normal number.
SplitNumber splitNormal(LaneBuilder &b, mlir::Value v);
/// Splits any positive number, subnormal ones too.
SplitNumber splitPositive(LaneBuilder &b, mlir::Value x);

/// log(v) + correction, rounded at the very end; `correction` is far below log(v), or null.
mlir::Value logOfSplit(LaneBuilder &b, SplitNumber v, mlir::Value correction);

/// log2(x) for 0 < x < inf, right to about 2^-37 of itself.
DoubleFloat log2Precisely(LaneBuilder &b, mlir::Value x);

/// `finite` where 0 < x < inf; else what a logarithm is at x: inf, -inf at zeros, NaN.
mlir::Value withLogSpecials(LaneBuilder &b, mlir::Value x, mlir::Value finite);

} // namespace bregman
