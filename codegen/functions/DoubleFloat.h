// Numbers as unevaluated sums of two f32, for what f32 alone cannot hold: 48 bits from fma.
#pragma once

#include "codegen/functions/LaneBuilder.h"

namespace bregman {

/// high + low, |low| at most a few ulp of |high|.
struct DoubleFloat {
  mlir::Value high, low;
};

/// A constant as high + low.
struct DoubleConstant {
  float high, low;
};

/// a * b, exactly (where nothing under- or overflows).
DoubleFloat multiplyExactly(LaneBuilder &b, mlir::Value x, mlir::Value y);
/// x + y, exactly, where |x| >= |y| or x = 0.
DoubleFloat addExactly(LaneBuilder &b, mlir::Value x, mlir::Value y);
/// x * y to about 2^-46.
DoubleFloat multiply(LaneBuilder &b, DoubleFloat x, DoubleFloat y);
/// c + x to about 2^-46, where |c| >= |x|.
DoubleFloat addTo(LaneBuilder &b, DoubleConstant c, DoubleFloat x);

} // namespace bregman
