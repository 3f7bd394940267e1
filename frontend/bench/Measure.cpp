// One thread is measured in its processor time, to which other programs add nothing; more are
// measured by the clock on the wall, as there a thread that waits costs as much as one that works.
// Small models repeat a step until a sample is long enough to read.
#include "frontend/bench/Measure.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <numeric>
#include <thread>

using namespace bregman::bench;
using SteadyClock = std::chrono::steady_clock;

static double secondsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

static double secondsBy(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

static double secondsOf(Contender &contender, int repeats, clockid_t clock) {
  double start = secondsBy(clock);
  for (int i = 0; i < repeats; ++i)
    contender.step();
  return secondsBy(clock) - start;
}

/// Waits until no thread of this process is awake but this one: LibTorch's threads spin for some
/// milliseconds after a step, and on a machine of few cores whoever comes next would pay for it.
static void awaitSleepingThreads() {
  constexpr int longest = 200;
  for (int i = 0; i < longest; ++i) {
    auto start = SteadyClock::now();
    double before = secondsBy(CLOCK_PROCESS_CPUTIME_ID);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (secondsBy(CLOCK_PROCESS_CPUTIME_ID) - before < 0.1 * secondsSince(start))
      return;
  }
}

static double quantile(std::vector<double> values, double part) {
  auto at = values.begin() + ptrdiff_t(part * double(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double Timing::median() const { return quantile(rounds, 0.5); }
double Timing::spread() const {
  return (quantile(rounds, 0.75) - quantile(rounds, 0.25)) / median();
}

double bregman::bench::speedOver(const Timing &one, const Timing &other) {
  std::vector<double> ratios;
  for (size_t i = 0; i < one.rounds.size(); ++i)
    ratios.push_back(other.rounds[i] / one.rounds[i]);
  return quantile(std::move(ratios), 0.5);
}

std::vector<Timing> bregman::bench::measure(const std::vector<Contender *> &contenders,
                                            const std::vector<int64_t> &sizes, int threads,
                                            double seconds) {
  const double weights = double(std::accumulate(sizes.begin(), sizes.end(), int64_t(0)));
  const clockid_t clock = threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  std::vector<int> repeats;
  for (Contender *contender : contenders) {
    contender->prepare(sizes, threads);
    secondsOf(*contender, 3, clock);
    // A sample of about a millisecond is long against the clock and short against the machine's
    // moods.
    double once = std::max(secondsOf(*contender, 3, clock) / 3, 1e-9);
    repeats.push_back(std::clamp(int(1e-3 / once), 1, 1000));
  }
  // Those whose threads stay awake come last, so that a round needs one pause.
  std::vector<size_t> order, last;
  for (size_t c = 0; c < contenders.size(); ++c)
    (contenders[c]->keepsThreadsAwake() ? last : order).push_back(c);

  std::vector<Timing> result(contenders.size());
  auto start = SteadyClock::now();
  for (int round = 0; round < 11 || secondsSince(start) < seconds; ++round) {
    if (!last.empty())
      awaitSleepingThreads();
    // The first step after another contender's finds its data cold, for everybody alike.
    for (const auto *some : {&order, &last})
      for (size_t c : *some)
        result[c].rounds.push_back(secondsOf(*contenders[c], repeats[c], clock) / repeats[c] * 1e9 /
                                   weights);
    // Nobody always comes after the same one.
    std::reverse(order.begin(), order.end());
  }
  for (Contender *contender : contenders)
    contender->release();
  return result;
}
