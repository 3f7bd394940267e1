// What a run of the benchmark on a GPU has found, and its two forms.
#pragma once

#include "frontend/bench/Measure.h"

#include <ostream>

namespace bregman::bench {

struct CudaRow {
  std::string match, model;
  int64_t weights = 0;
  size_t tensors = 0;
  double bytesPerWeight = 0;
  Timing timing;
  double hostMicroseconds = 0; ///< that asking for one step takes
};

/// A method's kernels from the checked program to the end of a first step on a small tensor, in
/// milliseconds: by a process that finds nothing, and by one that finds all in the cache.
struct CudaCompile {
  std::string match;
  int kernels = 0;
  double cold = 0, coldFirstStep = 0, cached = 0, cachedFirstStep = 0;
};

struct CudaReport {
  std::string device; ///< its name
  int driver = 0;     ///< the version of CUDA
  bool fast = false;  ///< the kernels approximate
  int major = 0, minor = 0, multiprocessors = 0;
  double copyGigabytes = 0; ///< read and written in a second by copies within the device
  double seconds = 0;       ///< per row
  std::vector<CudaRow> rows;
  std::vector<std::string> skipped; ///< what the device has no memory for
  std::vector<CudaCompile> compiles;
};

void printTable(const CudaReport &report, std::ostream &out);
void printJson(const CudaReport &report, std::ostream &out);

} // namespace bregman::bench
