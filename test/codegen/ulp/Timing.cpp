// Times the loops of the sweep.
#include "Timing.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

namespace bregman::ulp {

static constexpr int valueCount = 2048;
static constexpr int runCount = 2000;

static double timeOf(SweepFunction run, const std::vector<float> &x, const std::vector<float> &z) {
  using Clock = std::chrono::steady_clock;
  std::vector<float> y(x.size());
  auto least = std::chrono::nanoseconds::max();
  for (int i = 0; i < runCount; ++i) {
    Clock::time_point begin = Clock::now();
    callSwept(run, x.data(), z.data(), y.data(), x.size());
    least = std::min<std::chrono::nanoseconds>(least, Clock::now() - begin);
  }
  return static_cast<double>(least.count()) / static_cast<double>(x.size());
}

llvm::Expected<Times> measureTimes(const Function &f) {
  std::vector<float> x(valueCount), z(valueCount, 0.7f);
  for (int i = 0; i < valueCount; ++i)
    x[i] = static_cast<float>(i) * (8.0f / valueCount) - 4.0f;
  Times times;
  for (int w = 0; w < widthCount; ++w) {
    if (!canRun(widths[w]))
      continue;
    auto jit = SweepJit::compile(f.body, widths[w]);
    if (!jit)
      return jit.takeError();
    times[w] = timeOf(jit->function(), x, z);
  }
  return times;
}

} // namespace bregman::ulp
