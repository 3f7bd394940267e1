// `bregman bench --device cuda`: the kernels on a GPU beside copies within it.
#pragma once

#include "frontend/bench/Bench.h"
#include "frontend/bench/Cases.h"
#include "frontend/bench/Shapes.h"
#include "frontend/bench/cuda/CudaReport.h"

namespace bregman::bench {

/// Measures, and prints on `out`.
Status runOnDevice(const BenchOptions &options, const std::vector<Case> &cases,
                   const std::vector<Model> &models, std::ostream &out, std::ostream &progress);

/// N of `cuda:N`, else 0.
int ordinalOf(const std::string &device);

/// Compiles once and steps once, and prints the milliseconds of each and the number of kernels.
Status compileOnceOnDevice(const BenchOptions &options, const Case &measured, std::ostream &out);

/// The same by two processes, one after the other, with a cache of their own that begins empty.
Result<CudaCompile> measureCudaCompile(const BenchOptions &options, const Case &measured);

} // namespace bregman::bench
