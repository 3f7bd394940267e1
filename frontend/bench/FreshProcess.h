// This program started again, for times that only a process that has done nothing yet can give.
#pragma once

#include "frontend/bench/Bench.h"
#include "frontend/bench/Cases.h"

namespace bregman::bench {

/// The `count` numbers that `bench --compile-once` prints of a case, in an environment that also
/// has `variables`, each "NAME=value".
Result<std::vector<double>> compileInFreshProcess(const BenchOptions &options, const Case &measured,
                                                  size_t count,
                                                  const std::vector<std::string> &variables = {});

} // namespace bregman::bench
