// A fresh process is this program started again; a warm one is this one.
#include "frontend/bench/CompileTimes.h"

#include "frontend/bench/FreshProcess.h"
#include "frontend/bench/cuda/CudaBench.h"

#include <algorithm>
#include <ctime>

using namespace bregman;
using namespace bregman::bench;

/// Of this thread, which is all that compiles: other programs add nothing to it.
static double processorMilliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e3 * double(now.tv_sec) + 1e-6 * double(now.tv_nsec);
}

/// Whatever else the machine does only adds to a time.
static double fastest(const std::vector<double> &values) {
  return *std::min_element(values.begin(), values.end());
}

/// Milliseconds from a checked program to a method, per kernel.
static Result<double> compileMilliseconds(const Program &program, const Case &measured, bool cache,
                                          int &kernels) {
  CompileOptions options;
  options.cache = cache;
  options.streaming = false;
  double start = processorMilliseconds();
  auto method = program.compile(measured.quantizer, measured.optimizer, options);
  double milliseconds = processorMilliseconds() - start;
  if (!method)
    return method.error();
  kernels = 0;
  for (const KernelSequence *sequence :
       {&(*method)->attach, &(*method)->step, &(*method)->publish, &(*method)->final})
    kernels += int(sequence->size());
  return milliseconds / kernels;
}

Status bregman::bench::compileOnce(const BenchOptions &options, const std::string &title,
                                   std::ostream &out) {
  for (const Case &measured : cases()) {
    if (measured.title() != title)
      continue;
    if (options.device != "host")
      return compileOnceOnDevice(options, measured, out);
    Result<Program> program = measured.load(options.specs);
    if (!program)
      return program.error();
    int kernels = 0;
    Result<double> time = compileMilliseconds(*program, measured, /*cache=*/false, kernels);
    if (!time)
      return time.error();
    out << *time << "\n";
    return {};
  }
  return Error{ErrorKind::Usage, "error: nothing that is measured is titled '" + title + "'"};
}

Result<CompileTimes> bregman::bench::measureCompile(const BenchOptions &options,
                                                    const Case &measured) {
  CompileTimes result;
  result.title = measured.title();
  Result<Program> program = measured.load(options.specs);
  if (!program)
    return program.error();
  std::vector<double> fresh, warm, cached;
  for (int round = 0; round < 9; ++round) {
    auto inFresh = compileInFreshProcess(options, measured, 1);
    if (!inFresh)
      return inFresh.error();
    fresh.push_back(inFresh->front());
    for (bool cache : {false, true}) {
      Result<double> time = compileMilliseconds(*program, measured, cache, result.kernels);
      if (!time)
        return time.error();
      (cache ? cached : warm).push_back(*time);
    }
  }
  result.freshProcess = fastest(fresh);
  result.warmProcess = fastest(warm);
  result.cached = fastest(cached);
  return result;
}
