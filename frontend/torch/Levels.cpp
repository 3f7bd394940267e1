// How far a network has settled on its levels.
#include "frontend/torch/Levels.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/le.h>
#include <ATen/ops/ne.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace bregman {

Extent codebookOf(const Method &method) {
  Extent narrowest{ExtentKind::Run};
  for (const auto &kernel : method.final)
    for (const StreamInfo &stream : kernel->streams())
      if (stream.extent.kind != ExtentKind::Weight && stream.extent.kind < narrowest.kind)
        narrowest = stream.extent;
  return narrowest;
}

static Segmentation segmentsOf(const at::Tensor &tensor, Extent extent) {
  return {extent, tensor.numel(), tensor.dim() ? tensor.size(0) : 1};
}

static std::vector<float> distinct(const float *begin, const float *end) {
  std::vector<float> values;
  // Weights on levels repeat few values: most are found among those.
  for (const float *value = begin; value != end; ++value) {
    if (std::isnan(*value)) // equal to nothing, itself included
      continue;
    auto place = std::lower_bound(values.begin(), values.end(), *value);
    if (place == values.end() || *place != *value)
      values.insert(place, *value);
  }
  return values;
}

/// Contiguous floats of the host.
static at::Tensor asFloats(const at::Tensor &tensor) {
  return tensor.detach().to(at::kFloat).to(at::kCPU).contiguous();
}

std::vector<std::vector<float>> distinctValues(const at::Tensor &tensor, Extent extent) {
  at::Tensor flat = asFloats(tensor);
  const float *values = flat.const_data_ptr<float>();
  Segmentation segments = segmentsOf(tensor, extent);
  std::vector<std::vector<float>> result;
  for (int64_t s = 0; s < segments.count() && flat.numel() > 0; ++s)
    result.push_back(distinct(values + segments.begin(s), values + segments.begin(s + 1)));
  return result;
}

static float smallestGap(const std::vector<float> &levels) {
  float gap = std::numeric_limits<float>::infinity();
  for (size_t i = 1; i < levels.size(); ++i)
    gap = std::min(gap, levels[i] - levels[i - 1]);
  return gap;
}

/// How many weights have another level, where levels may have moved.
static int64_t countFlipped(const at::Tensor &last, const at::Tensor &now, Extent extent) {
  at::Tensor flatBefore = asFloats(last), flatAfter = asFloats(now);
  const float *before = flatBefore.const_data_ptr<float>();
  const float *after = flatAfter.const_data_ptr<float>();
  Segmentation segments = segmentsOf(now, extent);
  int64_t flipped = 0;
  for (int64_t s = 0; s < segments.count(); ++s) {
    int64_t begin = segments.begin(s), end = segments.begin(s + 1);
    std::vector<float> from = distinct(before + begin, before + end);
    std::vector<float> to = distinct(after + begin, after + end);
    auto rank = [](const std::vector<float> &levels, float value) {
      return std::lower_bound(levels.begin(), levels.end(), value) - levels.begin();
    };
    float gap = std::min(smallestGap(from), smallestGap(to));
    for (int64_t i = begin; i < end; ++i)
      flipped += from.size() == to.size() ? rank(from, before[i]) != rank(to, after[i])
                                          : std::abs(after[i] - before[i]) > gap / 2;
  }
  return flipped;
}

LevelStatistics LevelTracker::observe(const std::vector<at::Tensor> &soft,
                                      const std::vector<at::Tensor> &hard,
                                      const std::vector<Extent> &codebooks) {
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
    if (first)
      continue;
    if (i < codebooks.size() && codebooks[i].kind != ExtentKind::Run)
      flipped += countFlipped(levels[i], hard[i], codebooks[i]);
    else
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
