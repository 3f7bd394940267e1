// How long it takes to get a kernel: cold in a fresh process, cold in a warm one, from the cache.
#pragma once

#include "frontend/bench/Bench.h"
#include "frontend/bench/Cases.h"

namespace bregman::bench {

struct CompileTimes {
  std::string title;
  double freshProcess = 0, warmProcess = 0,
         cached = 0; ///< milliseconds of processor time per kernel, the fastest of 9
  int kernels = 0;   ///< of one method
};

Result<CompileTimes> measureCompile(const BenchOptions &options, const Case &measured);

} // namespace bregman::bench
