// The memory of a model's weights under a method. Our kernel, the same on one flat tensor and the
// reference loop work on one and the same memory: where arrays lie, of which nobody is master,
// changes a time by several percent.
#pragma once

#include "runtime/Stepper.h"

#include <cstdlib>
#include <memory>
#include <vector>

namespace bregman::bench {

/// Bytes that a step must move per weight.
double bytesOfStep(const Method &method);

class ModelMemory {
public:
  explicit ModelMemory(std::shared_ptr<const Method> method) : method(std::move(method)) {}

  const std::shared_ptr<const Method> method;

  /// Room for that many weights, with plausible weights and gradients; nothing where it is there.
  void prepare(int64_t weights);
  /// One tensor after the other, in the order of `sizes`.
  std::vector<TensorRef> cut(const std::vector<int64_t> &sizes) const;
  void release();

private:
  struct Free {
    void operator()(float *memory) const { std::free(memory); }
  };
  using Array = std::unique_ptr<float, Free>;
  static Array spread(int64_t size, float scale);

  int64_t size = 0;
  Array weight, gradient;
  std::vector<Array> stored; ///< as Method::stored, all planes
};

} // namespace bregman::bench
