// The elementary functions as arithmetic that rounds the same everywhere: one builder, one file
// each.
//
// Bounds are in units in the last place of the exact result, over every f32 argument; docs
// (functions.md) tells how they are measured. All pass NaN, and are right at infinities, signed
// zeros and subnormals. `x` has the type that the LaneBuilder was made for.
#pragma once

#include "codegen/functions/LaneBuilder.h"

namespace bregman {

/// exp(x): 0.59 ulp, 0.79 where the result is subnormal.
mlir::Value buildExp(LaneBuilder &b, mlir::Value x);
/// log(x): 0.83 ulp; -inf at zeros, NaN below.
mlir::Value buildLog(LaneBuilder &b, mlir::Value x);
/// log2(x): 0.51 ulp, exact at powers of two; -inf at zeros, NaN below.
mlir::Value buildLog2(LaneBuilder &b, mlir::Value x);
/// 1 / (1 + exp(-x)): 0.83 ulp.
mlir::Value buildSigmoid(LaneBuilder &b, mlir::Value x);
/// tanh(x): 0.88 ulp, odd, monotone, exact for subnormals, no division.
mlir::Value buildTanh(LaneBuilder &b, mlir::Value x);
/// atanh(x): 0.68 ulp, odd, monotone, exact for subnormals; infinite at +-1, NaN beyond.
mlir::Value buildAtanh(LaneBuilder &b, mlir::Value x);
/// atan(x): 0.93 ulp, odd, monotone.
mlir::Value buildAtan(LaneBuilder &b, mlir::Value x);
/// erf(x): 0.90 ulp, odd, monotone.
mlir::Value buildErf(LaneBuilder &b, mlir::Value x);

/// x^y with the special cases of IEEE 754's pow: 0.66 ulp, 0.80 where the result is subnormal. A
/// constant y in {1, 2, 3, 4, -1, 1/2} costs a few operations: 0.5 ulp, 1 ulp for 3 and 4.
mlir::Value buildPow(LaneBuilder &b, mlir::Value x, mlir::Value y);

} // namespace bregman
