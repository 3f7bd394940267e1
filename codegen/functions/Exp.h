// The parts of exp that pow and sigmoid share.
#pragma once

#include "codegen/functions/DoubleFloat.h"

namespace bregman {

/// 2^(j/8), rounded.
extern const Table8 exp2Eighths;
/// log(2^(j/8) / exp2Eighths[j]).
extern const Table8 exp2Lost;

/// exp(z) for z >= -104 or NaN as the value of buildExp and what it lost in rounding; z <= 89.
DoubleFloat expPrecisely(LaneBuilder &b, mlir::Value z);

} // namespace bregman
