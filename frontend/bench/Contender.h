// Somebody who does one training step on the tensors of a model: our kernel, a loop without any
// mathematics, LibTorch. All are measured in one run, in turns.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bregman::bench {

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
  /// Whether threads of its own stay awake for a while after a step, as OpenMP's do, waiting for
  /// the next one on a core that somebody else may want.
  virtual bool keepsThreadsAwake() const { return false; }
  /// Bytes that a step must move per weight; 0 where it is not known.
  virtual double bytesPerWeight() const { return 0; }
};

} // namespace bregman::bench
