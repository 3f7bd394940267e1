// How far a network has settled on its levels: what training reports at every evaluation.
#pragma once

#include "frontend/torch/Optimizer.h"

namespace bregman {

/// Which weights have one set of levels: the narrowest extent of what `final` reads beside weights,
/// `Run` where that is nothing.
BREGMAN_API Extent codebookOf(const Method &method);

/// The distinct values of each segment of a tensor, in ascending order. Of a hardened parameter
/// these are the levels that it uses.
BREGMAN_API std::vector<std::vector<float>> distinctValues(const at::Tensor &tensor, Extent extent);

struct LevelStatistics {
  int64_t weights = 0;
  double flipped = 0;   ///< share of weights with another level than at the last observation
  double saturated = 0; ///< share of weights within 1 % of the tensor's largest level of their own
};

/// Remembers the levels between observations. A first observation has no weight flipped.
class BREGMAN_API LevelTracker {
public:
  /// Compares `soft`, the parameters' values, with `hard`, the same under Hardened; one tensor per
  /// Optimizer::quantized(). With `codebooks`, Optimizer::codebooks(), levels may move: a weight
  /// has flipped where its level's rank among those of its segment has changed, or, where another
  /// number of levels is in use, where it has moved by more than half the smallest distance between
  /// two.
  LevelStatistics observe(const std::vector<at::Tensor> &soft, const std::vector<at::Tensor> &hard,
                          const std::vector<Extent> &codebooks = {});

  /// What it remembers, for a checkpoint.
  const std::vector<at::Tensor> &remembered() const { return levels; }
  void remember(std::vector<at::Tensor> last) { levels = std::move(last); }

private:
  std::vector<at::Tensor> levels;
};

} // namespace bregman
