// Interleaved timing: every contender does a step in every round, so that whatever disturbs the
// machine disturbs all of them.
#pragma once

#include "frontend/bench/Contender.h"

namespace bregman::bench {

/// One contender on one model with one number of threads.
struct Timing {
  double nanosecondsPerWeight = 0; ///< median over the rounds
  double spread = 0;               ///< (third quartile - first) / median
};

/// Prepares all, runs rounds until `seconds` have gone by (at least 11 rounds), releases all.
std::vector<Timing> measure(const std::vector<std::unique_ptr<Contender>> &contenders,
                            const std::vector<int64_t> &sizes, int threads, double seconds);

} // namespace bregman::bench
