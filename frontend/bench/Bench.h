// `bregman bench`: every kernel beside a loop of the same streams without mathematics and beside
// LibTorch, in one run; on a GPU beside copies within its memory.
#pragma once

#include "frontend/Compiler.h"

#include <ostream>

namespace bregman::bench {

struct BenchOptions {
  std::string specs;               ///< the folder of the library's specs
  std::string filter;              ///< only cases whose title contains it
  std::vector<std::string> models; ///< by name; empty: all
  std::vector<int> threads = {1, 2};
  std::string device = "host"; ///< as CompileOptions::device
  bool fast = false;           ///< as CompileOptions::fast
  double seconds = 1;          ///< per case, model and number of threads
  bool json = false;
  bool compileTimes = true;
  bool torch = true;        ///< LibTorch's side too, where the library is there
  std::string torchLibrary; ///< its path
  std::string program;      ///< this program, to be started afresh for cold compile times
};

/// Measures, and prints on `out`; what is being measured is said on `progress`, a line each.
BREGMAN_API Status run(const BenchOptions &options, std::ostream &out, std::ostream &progress);

/// Compiles the case of that title once and prints the milliseconds per kernel: what a fresh
/// process is asked for.
BREGMAN_API Status compileOnce(const BenchOptions &options, const std::string &title,
                               std::ostream &out);

} // namespace bregman::bench
