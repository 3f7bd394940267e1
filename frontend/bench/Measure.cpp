// Medians of wall-clock time; small models repeat a step until a sample is long enough to read.
#include "frontend/bench/Measure.h"

#include <algorithm>
#include <chrono>
#include <numeric>

using namespace bregman::bench;
using Clock = std::chrono::steady_clock;

static double secondsOf(Contender &contender, int repeats) {
  auto start = Clock::now();
  for (int i = 0; i < repeats; ++i)
    contender.step();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<Timing>
bregman::bench::measure(const std::vector<std::unique_ptr<Contender>> &contenders,
                        const std::vector<int64_t> &sizes, int threads, double seconds) {
  const double weights = double(std::accumulate(sizes.begin(), sizes.end(), int64_t(0)));
  std::vector<int> repeats;
  for (auto &contender : contenders) {
    contender->prepare(sizes, threads);
    secondsOf(*contender, 3);
    // A sample of about a millisecond is long against the clock and short against the machine's
    // moods.
    double once = std::max(secondsOf(*contender, 3) / 3, 1e-9);
    repeats.push_back(std::clamp(int(1e-3 / once), 1, 1000));
  }
  std::vector<std::vector<double>> samples(contenders.size());
  auto start = Clock::now();
  for (int round = 0;
       round < 11 || std::chrono::duration<double>(Clock::now() - start).count() < seconds; ++round)
    for (size_t c = 0; c < contenders.size(); ++c) {
      // The first step after another contender's finds its data cold, for everybody alike.
      samples[c].push_back(secondsOf(*contenders[c], repeats[c]) / repeats[c]);
    }
  std::vector<Timing> result;
  for (size_t c = 0; c < contenders.size(); ++c) {
    std::vector<double> &sorted = samples[c];
    std::sort(sorted.begin(), sorted.end());
    double median = sorted[sorted.size() / 2];
    double spread = (sorted[sorted.size() * 3 / 4] - sorted[sorted.size() / 4]) / median;
    result.push_back({median * 1e9 / weights, spread});
    contenders[c]->release();
  }
  return result;
}
