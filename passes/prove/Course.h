// What a host scalar is over a run: of a schedule not every combination of its counters' values is
// one that a run comes to.
#pragma once

#include "passes/prove/Scratch.h"

namespace bregman::prove {

/// Where a run stands: of two counters one says something of the other.
struct Instant {
  double step, epoch, steps, epochs;

  /// What a counter is then; `otherwise` for one that is no clock.
  double at(Counter kind, double otherwise) const;
};

/// Beginnings, ends and between, of short runs and of long ones, by epochs of one step and of many;
/// the first few are the plainest.
llvm::ArrayRef<Instant> instants();
constexpr size_t plainInstants = 7;

struct Course {
  Interval all;   ///< contains every value
  Interval taken; ///< from the least to the greatest of values that are taken
};

/// Of what `schedule` yields.
Course courseOf(ScheduleOp schedule);

} // namespace bregman::prove
