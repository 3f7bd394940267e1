// Launcher: one kernel of a method, bound to it by names: its streams to the tensors' arrays, its
// scalars to outputs of the host program. Private to the stepper.
#pragma once

#include "runtime/Clock.h"

namespace bregman {

class Launcher {
public:
  /// `kernel` may be null: then the launcher does not exist.
  Launcher(const Method &method, const Kernel *kernel, int threads);

  bool exists() const { return kernel != nullptr; }
  /// Whether every stream and scalar has a source that fits.
  Status check() const;
  /// Whether the kernel writes the stored value `name`.
  bool writes(const std::string &name) const;
  void watch(std::vector<Clock::Watch> &watched, bool everyStep) const;

  /// The scalars of the coming launches, rounded to f32 once. Fails by Q11.
  Status bind(Clock &clock, Moment moment);
  /// Launches on `tensors`; the cut is kept as long as sizes and addresses stay.
  void launch(std::span<const TensorRef> tensors);
  /// The same, but what is written besides the optimizer's states goes nowhere.
  void launchOnlyOptimizer(std::span<const TensorRef> tensors);

private:
  /// Where weight `from` of a plane of a stream lies.
  void *address(const TensorRef &tensor, size_t stream, int plane, int64_t from) const;

  enum : int { Gradient = -1, Weight = -2, Unknown = -3 };

  const Method &method;
  const Kernel *kernel;
  int threads;
  std::vector<int> sources; ///< per stream: an index of Method::stored, or one of the above
  std::vector<int> outputs; ///< per scalar: the host output, or -1
  std::vector<float> scalars;
  std::vector<Segment> segments, cutFor;
  std::shared_ptr<const Partition> partition;
};

} // namespace bregman
