// Both sides work in f32 by different operations: their weights, of magnitude 1 at most, part by
// some units in the last place. A number that is not what it should be moves them by 1e-4 and more.
#include "frontend/bench/Agreement.h"

#include <cmath>
#include <cstdio>
#include <random>

using namespace bregman;
using namespace bregman::bench;

static constexpr double tolerance = 4e-6;

Trial bregman::bench::trial() {
  // An odd number, so that it has a tail.
  constexpr int size = 1003, steps = 4;
  std::mt19937 random(1);
  std::uniform_real_distribution<float> spread(-1, 1);
  auto values = [&] {
    std::vector<float> result(size);
    for (float &value : result)
      value = spread(random);
    return result;
  };
  Trial made;
  made.weights = values();
  for (int step = 0; step < steps; ++step)
    made.gradients.push_back(values());
  return made;
}

Result<double> bregman::bench::differenceOf(const std::string &title, Contender &ours,
                                            Contender &theirs, const Trial &trial) {
  std::vector<float> a = ours.weightsAfter(trial), b = theirs.weightsAfter(trial);
  auto parted = [&](const std::string &how) {
    return Error{ErrorKind::Internal, "internal error: " + title + " by '" + theirs.name() +
                                          "' is not what '" + ours.name() + "' computes: " + how +
                                          "; their times cannot be compared"};
  };
  if (a.size() != b.size())
    return parted("it has " + std::to_string(b.size()) + " weights instead of " +
                  std::to_string(a.size()));
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    double difference = std::abs(double(a[i]) - double(b[i]));
    // Written so that NaN parts them too.
    if (!(difference <= tolerance)) {
      char text[120];
      std::snprintf(text, sizeof text, "after %zu steps weight %zu is %.9g instead of %.9g",
                    trial.gradients.size(), i, double(b[i]), double(a[i]));
      return parted(text);
    }
    largest = std::max(largest, difference);
  }
  return largest;
}
