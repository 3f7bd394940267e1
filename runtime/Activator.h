// Activator: the forward and the backward pass of a quantizer of activations. Nothing of an
// activation is kept between calls; only the learned values are, by the caller.
#pragma once

#include "runtime/Stepper.h"

#include <memory>
#include <string>
#include <vector>

namespace bregman {

/// A quantizer of activations, compiled. Of Method, `stored` are the learned values; `attach` makes
/// them from the first batch (x to stored), `publish` is the forward pass (x, stored to w) and
/// `step` the backward pass (g, x, stored to x.gradient and, of a learned value s, s.gradient).
struct ActivationMethod : Method {
  /// What `channels` of an activation counts. An activation lies in memory row by row.
  enum class Rows {
    Any,      ///< nothing is per channel or token
    Channels, ///< axis 1, brought to the front
    Tokens,   ///< all axes but the last
  };
  Rows rows = Rows::Any;

  /// The range that each learned value is clamped to after a step, infinite where it has none.
  struct Bounds {
    double low, high;
  };
  std::vector<Bounds> bounds;
};

/// One activation. A pass reads and writes what its kernels have streams for.
struct ActivationRef {
  int64_t size = 0;
  int64_t channels = 1;
  uint32_t parameter = 0; ///< what tells its random numbers from those of another module
  const void *x = nullptr, *gradient = nullptr;
  void *w = nullptr, *xGradient = nullptr;
  /// One address for each of Method::stored, of planes * count(size, channels) floats.
  std::vector<float *> learned, learnedGradients;
  /// Of the device where all of it lies, for the passes; on the host it means nothing.
  void *stream = nullptr;
};

class BREGMAN_API Activator {
public:
  /// Fails where the method reads a counter that `timing` leaves unknown and, as our bug, where its
  /// parts do not fit together.
  static Result<Activator> create(std::shared_ptr<const ActivationMethod> method, Timing timing,
                                  int threads = 1);
  Activator(Activator &&);
  Activator &operator=(Activator &&);
  ~Activator();

  const ActivationMethod &method() const;
  /// Fails outside of the parameter's range or for an unknown name.
  Status set(const std::string &parameter, double value);
  /// Rule Q11 over the whole run, once the parameters are set.
  [[nodiscard]] Status check();
  void setSeed(uint64_t seed);

  /// The learned values of the first batch, clamped to their ranges.
  [[nodiscard]] Status initialize(const ActivationRef &activation, int64_t step) const;
  /// With the schedules at `step`. Any number of threads may be in these at once.
  [[nodiscard]] Status forward(const ActivationRef &activation, int64_t step) const;
  [[nodiscard]] Status backward(const ActivationRef &activation, int64_t step) const;
  /// `count` values of the learned value `index`, in the host's memory, into its range.
  void clamp(size_t index, float *values, int64_t count) const;

  /// The schedules' values at `step`, in textual order.
  std::vector<double> scheduleValues(int64_t step) const;

private:
  Activator();
  struct State;
  std::unique_ptr<State> state;
};

} // namespace bregman
