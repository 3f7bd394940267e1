// How far a network has settled on its levels.
#include "frontend/torch/Levels.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/le.h>
#include <ATen/ops/ne.h>

namespace bregman {

LevelStatistics LevelTracker::observe(const std::vector<at::Tensor> &soft,
                                      const std::vector<at::Tensor> &hard) {
  LevelStatistics result;
  int64_t flipped = 0, saturated = 0;
  bool first = levels.size() != hard.size();
  for (size_t i = 0; i < hard.size(); ++i) {
    if (hard[i].numel() == 0)
      continue;
    result.weights += hard[i].numel();
    at::Tensor largest = at::abs(hard[i]).max();
    at::Tensor distance = at::abs(soft[i].sub(hard[i]));
    saturated += at::le(distance, largest.mul(0.01)).sum().item<int64_t>();
    if (!first)
      flipped += at::ne(hard[i], levels[i]).sum().item<int64_t>();
  }
  levels.clear();
  for (const at::Tensor &level : hard)
    levels.push_back(level.clone());
  if (result.weights) {
    result.flipped = double(flipped) / double(result.weights);
    result.saturated = double(saturated) / double(result.weights);
  }
  return result;
}

} // namespace bregman
