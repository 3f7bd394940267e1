// How far a network has settled on its levels: what training reports at every evaluation.
#pragma once

#include "frontend/torch/Optimizer.h"

namespace bregman {

struct LevelStatistics {
  int64_t weights = 0;
  double flipped = 0;   ///< share of weights with another level than at the last observation
  double saturated = 0; ///< share of weights within 1 % of the tensor's largest level of their own
};

/// Remembers the levels between observations. A first observation has no weight flipped.
class BREGMAN_API LevelTracker {
public:
  /// Compares `soft`, the parameters' values, with `hard`, the same under Hardened; one tensor per
  /// Optimizer::quantized().
  LevelStatistics observe(const std::vector<at::Tensor> &soft, const std::vector<at::Tensor> &hard);

  /// What it remembers, for a checkpoint.
  const std::vector<at::Tensor> &remembered() const { return levels; }
  void remember(std::vector<at::Tensor> last) { levels = std::move(last); }

private:
  std::vector<at::Tensor> levels;
};

} // namespace bregman
