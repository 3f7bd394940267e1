// What counters read.
#pragma once

#include "dialect/BregmanDialect.h"
#include "runtime/Stepper.h"

#include <map>

namespace bregman::reference {

/// The parameters' values; an optimizer's are prefixed.
using Parameters = std::map<std::string, double>;

struct Clock {
  Timing timing;
  int64_t step = 0;
  double lr = 0; ///< the optimizer's argument, in a quantizer
};

/// A counter at this time, `next` one step later; in an optimizer with its t.
double read(CounterOp counter, const Clock &clock, int64_t t = 0);

} // namespace bregman::reference
