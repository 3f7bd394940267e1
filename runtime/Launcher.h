// Launcher: one kernel of a method, bound to it by names: its streams to the tensors' arrays, its
// scalars to outputs of the host program. Private to the sequences.
#pragma once

#include "runtime/Clock.h"

namespace bregman {

/// What lives from one kernel of a sequence to the next, by name.
struct Temporary {
  std::string name;
  int planes;
  Extent extent;
};

class Launcher {
public:
  Launcher(const Method &method, const Kernel &kernel, const std::vector<Temporary> &temporaries,
           int threads);

  /// Whether every stream and scalar has a source that fits.
  Status check() const;
  /// Whether the kernel writes the stored value `name`.
  bool writes(const std::string &name) const;
  void watch(std::vector<Clock::Watch> &watched, bool everyStep) const;

  /// The scalars of the coming launches, rounded to f32 once. Fails by Q11.
  Status bind(Clock &clock, Moment moment);
  /// Cuts `tensors`, of which each has an address for every temporary, for the coming launch, and
  /// takes what that needs of a device, so that afterwards there is nothing to be short of. The cut
  /// is kept as long as sizes and addresses stay; of a launch that is `captured` for good.
  [[nodiscard]] Status place(std::span<const TensorRef> tensors,
                             const std::vector<std::vector<float *>> &temporaries, void *stream,
                             bool captured);
  [[nodiscard]] Status launch(void *stream) const;
  /// The launch that failed last, without what it had done by then.
  [[nodiscard]] Status resume(void *stream) const;
  bool isHalfDone() const { return kernel.isHalfDone(*partition); }
  /// The scalars of the coming replay to all launches that were captured.
  [[nodiscard]] Status update(void *stream) const;

private:
  /// What a stream is. `index` counts the method's stored values or the temporaries.
  struct Source {
    enum Kind { Gradient, HighGradient, Weight, HighWeight, Stored, Temporary, Unknown } kind;
    size_t index = 0;
  };

  Source sourceOf(const std::string &name, const std::vector<Temporary> &temporaries) const;
  void *address(const TensorRef &tensor, const std::vector<float *> &temporaries, size_t stream,
                int plane) const;

  const Method &method;
  const Kernel &kernel;
  int threads;
  std::vector<Source> sources; ///< per stream
  std::vector<int> outputs;    ///< per scalar: the host output, or -1
  std::vector<float> scalars;
  Draw draw;
  std::vector<Segment> segments, cutFor;
  std::shared_ptr<const Partition> partition;
  bool isReady = false; ///< the device has what a launch of it needs
  std::vector<std::shared_ptr<const Partition>> captures; ///< what graphs refer to
};

} // namespace bregman
