// Sequence: the kernels of one phase of a method, and what lives between them. Private to the
// stepper.
#pragma once

#include "runtime/Launcher.h"

namespace bregman {

/// How far the launches of a step have come, of all its sequences together. A step that failed goes
/// on there.
struct Progress {
  size_t done = 0;         ///< launches
  bool failed = false;     ///< the next one has
  bool isHalfDone = false; ///< and that had done something
  size_t seen = 0;         ///< in the present attempt, the done ones included

  bool hasMoved() const { return done > 0 || isHalfDone; }
};

class Sequence {
public:
  /// `kernels` may be empty: then there is nothing to do.
  Sequence(const Method &method, const KernelSequence &kernels, int threads);
  Sequence(Sequence &&) = default;

  bool exists() const { return !launchers.empty(); }
  /// Whether the kernels fit the method and each other.
  Status check() const;
  /// Whether a kernel writes the stored value `name`.
  bool writes(const std::string &name) const;
  void watch(std::vector<Clock::Watch> &watched, bool everyStep) const;
  /// The scalars of the coming launches. Fails by Q11.
  Status bind(Clock &clock, Moment moment);
  /// Takes what run() needs, which then has nothing to be short of. With `captured` it becomes part
  /// of a graph, whose replays update() gives their scalars.
  [[nodiscard]] Status place(std::span<const TensorRef> tensors, void *stream,
                             bool captured = false);
  /// Launches on what was placed last, where `progress` has come to.
  [[nodiscard]] Status run(void *stream, Progress &progress) const;
  /// Both.
  [[nodiscard]] Status launch(std::span<const TensorRef> tensors, void *stream);
  [[nodiscard]] Status update(void *stream) const;
  /// Whether a launch was captured.
  bool isCaptured() const { return captured; }

private:
  Status provide(std::span<const TensorRef> tensors);

  std::shared_ptr<Memory> space;
  std::vector<Temporary> temporaries;
  std::vector<Launcher> launchers;
  Status misfit; ///< kernels that do not agree about a temporary
  /// For every tensor and temporary; kept while the tensors keep their sizes.
  std::vector<std::vector<Buffer>> memory;
  bool captured = false;
  std::vector<Buffer> ofGraphs; ///< what is used no more but by captured launches
  std::vector<std::vector<float *>> addresses;
};

} // namespace bregman
