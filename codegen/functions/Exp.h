// The table of powers of two, which exp and pow share.
#pragma once

#include "codegen/functions/LaneBuilder.h"

namespace bregman {

/// 2^(j/8), rounded.
extern const Table8 exp2Eighths;
/// log(2^(j/8) / exp2Eighths[j]).
extern const Table8 exp2Lost;

} // namespace bregman
