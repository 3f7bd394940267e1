// The tree above a kernel's calls, in double.
#include "runtime/Combine.h"

#include <cmath>
#include <limits>

namespace bregman {

/// Written so that whichever is NaN is taken, as generated code does.
static abi::Partial join(Access kind, const abi::Partial &a, const abi::Partial &b) {
  double count = a.count + b.count;
  if (kind == Access::Min)
    return {b.sum < a.sum || std::isnan(b.sum) ? b.sum : a.sum, 0, count};
  if (kind == Access::Max)
    return {b.sum > a.sum || std::isnan(b.sum) ? b.sum : a.sum, 0, count};
  return {a.sum + b.sum, a.sumOfSquares + b.sumOfSquares, count};
}

static abi::Partial nothing(Access kind) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return {kind == Access::Min ? infinity : kind == Access::Max ? -infinity : 0, 0, 0};
}

/// The mean of nothing is 0; the deviation of fewer than two is NaN. Rounding may leave a variance
/// just below 0.
static float resultOf(Access kind, const abi::Partial &all) {
  if (kind == Access::Mean)
    return all.count > 0 ? float(all.sum / all.count) : 0.0f;
  if (kind != Access::Std)
    return float(all.sum);
  if (all.count < 2)
    return std::numeric_limits<float>::quiet_NaN();
  double variance = (all.sumOfSquares - all.sum * all.sum / all.count) / (all.count - 1);
  return float(std::sqrt(variance < 0 ? 0 : variance));
}

void combine(const HostPartition::Combination &combination, std::span<abi::Partial> partials) {
  std::span<abi::Partial> records =
      partials.subspan(combination.begin, combination.end - combination.begin);
  size_t count = records.size();
  for (; count > 1; count = (count + 1) / 2) {
    for (size_t i = 0; i < count / 2; ++i)
      records[i] = join(combination.kind, records[2 * i], records[2 * i + 1]);
    if (count % 2)
      records[count / 2] = records[count - 1];
  }
  *combination.result = resultOf(combination.kind, count ? records[0] : nothing(combination.kind));
}

} // namespace bregman
