// The elementary functions as arithmetic that rounds the same everywhere: one builder, one file
// each.
//
// Bounds are in units in the last place of the exact result, over every f32 argument; docs
// (functions.md) tells how they are measured. All pass NaN, and are right at infinities, signed
// zeros and subnormals. `x` has the type that the LaneBuilder was made for.
#pragma once

#include "codegen/functions/LaneBuilder.h"

namespace bregman {

/// tanh(x): 0.88 ulp, odd, monotone, exact for subnormals, no division.
mlir::Value buildTanh(LaneBuilder &b, mlir::Value x);
/// erf(x): 0.90 ulp, odd, monotone.
mlir::Value buildErf(LaneBuilder &b, mlir::Value x);

} // namespace bregman
