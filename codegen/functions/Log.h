// The logarithm's parts, which atanh and log2 share.
#pragma once

#include "codegen/functions/LaneBuilder.h"

namespace bregman {

/// The bits of sqrt(1/2), where the fraction's range begins.
inline constexpr uint32_t sqrtHalfBits = 0x3f3504f3;

/// v = 2^exponent * (1 + fraction), -0.293 <= fraction < 0.414; `fraction` is exact.
struct SplitNumber {
  mlir::Value exponent, fraction;
};

/// Splits a positive normal number.
SplitNumber splitNormal(LaneBuilder &b, mlir::Value v);
/// Splits any positive number, subnormal ones too.
SplitNumber splitPositive(LaneBuilder &b, mlir::Value x);

/// log(v) + correction, rounded at the very end; `correction` is far below log(v), or null.
mlir::Value logOfSplit(LaneBuilder &b, SplitNumber v, mlir::Value correction);

/// `finite` where 0 < x < inf; else what a logarithm is at x: inf, -inf at zeros, NaN.
mlir::Value withLogSpecials(LaneBuilder &b, mlir::Value x, mlir::Value finite);

} // namespace bregman
