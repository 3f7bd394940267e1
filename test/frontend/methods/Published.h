// The published updates, written down plainly from the papers and the authors' code, in double
// precision, one weight at a time. Nothing here comes from the compiler's derivations.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace published {

/// d = B(x, g) of one scalar; holds its slots.
using Base = std::function<double(double x, double g)>;

/// sgd, momentum, nesterov, adam, adamw by PyTorch's formulas, with this learning rate and weight
/// decay.
Base makeBase(const std::string &name, double lr, double weightDecay);

/// What the schedules see.
struct Clock {
  int64_t step = 0; ///< completed steps
  int64_t stepsPerEpoch = 1;
  int64_t epoch() const { return step / stepsPerEpoch; }
};

/// One weight under a method.
class Weight {
public:
  virtual ~Weight() = default;
  /// The weight that the network multiplies with.
  virtual double published(const Clock &now) const = 0;
  /// One update with dL/dw at the published weight; `now` is before the step.
  virtual void update(double g, const Clock &now) = 0;
};

struct Settings {
  std::string optimizer;
  double lr, weightDecay;
  double growth; ///< of beta, per `period` steps
  int64_t period;
  double rate;         ///< ProxQuant's
  int64_t freezeEpoch; ///< ProxQuant's
};

/// A weight of a method of the library, from w0.
std::unique_ptr<Weight> makeWeight(const std::string &method, double w0, const Settings &settings);

} // namespace published
