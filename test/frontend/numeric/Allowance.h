// How far a compiled kernel may be from the oracle. It is not written down: the kernel's IR is
// interpreted with roundings that fall at random, in pairs of runs with opposite sides, and the
// compiled one may be as far from the oracle as those.
#pragma once

#include <cfloat>
#include <cmath>
#include <gtest/gtest.h>
#include <span>

namespace numeric {

/// Interpreted runs: pairs whose roundings are opposite.
constexpr int samples = 16;

class Allowance {
public:
  /// Whether `actual` is near `expected`, for which the interpreted runs have `sampled`. With
  /// `mayBeOpen` an infinite number was met: a kernel may not form a difference of infinities.
  ::testing::AssertionResult isNear(double actual, double expected, std::span<const double> sampled,
                                    bool mayBeOpen = false) {
    ++compared;
    double spread = 0;
    int undefined = 0;
    for (double value : sampled) {
      undefined += std::isnan(value);
      if (value != expected)
        spread = std::fmax(spread, std::fabs(value - expected));
    }
    if (actual == expected || (std::isnan(actual) && std::isnan(expected)))
      return ::testing::AssertionSuccess();
    // Past the range of f32.
    bool isOpen = std::isfinite(expected) ? undefined > 0 : mayBeOpen;
    if (isOpen || std::fabs(expected) + spread > FLT_MAX) {
      ++skipped;
      return ::testing::AssertionSuccess();
    }
    double allowed = margin * spread + std::ldexp(std::fabs(expected), -23) + oracleError;
    coarse += allowed > 1e-3 * std::fmax(1, std::fabs(expected));
    double share = std::fabs(actual - expected) / allowed;
    worst = std::max(worst, share);
    // A NaN is never near.
    if (share <= 1)
      return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << actual << " for " << expected << ", " << share
                                         << " of what is allowed; roundings come to " << spread;
  }

  int64_t compared = 0, skipped = 0; ///< what f32 cannot follow, or what is open
  int64_t coarse = 0;                ///< compared to fewer than three digits
  double worst = 0;                  ///< share of what is allowed

private:
  /// The compiled functions err by up to two places, a rounding at random by less than one; and the
  /// largest of some random distances may be smaller than the next one. The largest measured is
  /// 3.0.
  static constexpr double margin = 4;
  /// Of the oracle itself, beside levels.
  static constexpr double oracleError = 0x1p-50;
};

} // namespace numeric
