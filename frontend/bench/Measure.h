// Interleaved timing: every contender does a step in every round, so that whatever disturbs the
// machine disturbs all of them.
#pragma once

#include "frontend/bench/Contender.h"

namespace bregman::bench {

/// One contender on one model with one number of threads.
struct Timing {
  std::vector<double> rounds; ///< nanoseconds per weight, in the order of the rounds

  double median() const;
  /// (third quartile - first) / median.
  double spread() const;
};

/// How fast `one` is for `other`'s speed: the median over the rounds of other's time over one's.
/// What slows a whole round down cancels.
double speedOver(const Timing &one, const Timing &other);

/// Prepares all, runs rounds until `seconds` have gone by (at least 11 rounds), releases all.
std::vector<Timing> measure(const std::vector<Contender *> &contenders,
                            const std::vector<int64_t> &sizes, int threads, double seconds);

} // namespace bregman::bench
