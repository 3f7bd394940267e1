// Somebody who does one training step on the tensors of a model: our kernel, a loop without any
// mathematics, LibTorch. All are measured in one run, in turns.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bregman::bench {

/// What everybody who does any mathematics steps by. Our kernels take numbers as arguments, so that
/// none is faster than another.
struct Numbers {
  double lr = 1e-3, mu = 0.9, beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  /// The schedule of the library's projections in the first steps of a run.
  double beta = 1.02;
};

/// One tensor's weights before any step, and its gradient in each step.
struct Trial {
  std::vector<float> weights;
  std::vector<std::vector<float>> gradients;
};

class Contender {
public:
  virtual ~Contender() = default;
  /// How the report names it.
  virtual std::string name() const = 0;
  /// Makes tensors of these sizes and whatever else a step needs.
  virtual void prepare(const std::vector<int64_t> &sizes, int threads) = 0;
  /// One step on all tensors.
  virtual void step() = 0;
  /// Gives the memory back.
  virtual void release() = 0;
  /// The weights after the steps of `trial` by `Numbers`; not between prepare and release. Nothing
  /// from somebody without any mathematics.
  virtual std::vector<float> weightsAfter(const Trial &) { return {}; }
  /// Whether threads of its own stay awake for a while after a step, as OpenMP's do, waiting for
  /// the next one on a core that somebody else may want.
  virtual bool keepsThreadsAwake() const { return false; }
  /// Bytes that a step must move per weight; 0 where it is not known.
  virtual double bytesPerWeight() const { return 0; }
};

} // namespace bregman::bench
