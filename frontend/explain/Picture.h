// A drawing of a projection over its schedule.
#pragma once

#include "dialect/BregmanDialect.h"
#include "runtime/Result.h"
#include "runtime/Stepper.h"

#include <string>

namespace bregman::explain {

/// P, P' and P^-1 with the levels, at the beginning, after 1 %, 10 %, 30 % and at the end of a run
/// of `timing`, as an SVG. Fails where the projection has something that only a run gives.
Result<std::string> draw(QuantizerOp quantizer, const Timing &timing);

} // namespace bregman::explain
