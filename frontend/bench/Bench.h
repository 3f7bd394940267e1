// `bregman bench`: every kernel beside a loop of the same streams without mathematics and beside
// LibTorch, in one run.
#pragma once

#include "frontend/Compiler.h"

#include <ostream>

namespace bregman::bench {

struct BenchOptions {
  std::string specs;  ///< the folder of the library's specs
  std::string filter; ///< only matches whose title contains it
  std::string models; ///< only models whose name contains it
  std::vector<int> threads = {1, 2};
  double seconds = 1; ///< per model and number of threads
  bool json = false;
  bool torch = true;        ///< LibTorch's side too, where the library is there
  std::string torchLibrary; ///< its path
  std::string program;      ///< this program, to be started afresh for cold compile times
};

/// Measures and prints.
BREGMAN_API Status run(const BenchOptions &options, std::ostream &out);

/// Compiles once and prints the milliseconds: what a fresh process is asked for.
BREGMAN_API Status compileOnce(const BenchOptions &options, const std::string &quantizer,
                               const std::string &optimizer, std::ostream &out);

} // namespace bregman::bench
