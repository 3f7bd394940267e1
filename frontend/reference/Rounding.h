// Arithmetic in f32 whose roundings fall at random: what a computation in f32 may come to. Several
// such runs show how much of a result is rounding, the way discrete stochastic arithmetic does, and
// need no analysis of what is computed: cancellation, saturation, overflow and ties show
// themselves.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace bregman::reference {

/// Takes a number to one of the two f32 around it, the same one whenever that number is met, so
/// that what is computed twice is equal. Two with the same seed, of which one is `opposite`, fall
/// to different sides: a tie is seen from both.
class Rounding {
public:
  explicit Rounding(uint64_t seed, bool opposite = false) : seed(seed), opposite(opposite) {}

  double operator()(double value) const {
    auto nearest = float(value);
    // What f32 has is exact; past its range nobody comes back.
    if (nearest == value || !std::isfinite(nearest))
      return nearest;
    float other = std::nextafter(nearest, value > nearest ? INFINITY : -INFINITY);
    return draw(value, 0) ? other : nearest;
  }

  /// Of a function that is computed to two places: half of them one place farther.
  double ofFunction(double value) const {
    double result = (*this)(value);
    // Nothing goes past 0.
    if (result == value || result == 0 || !std::isfinite(result) || !draw(value, 1))
      return result;
    return std::nextafter(float(result), result > value ? INFINITY : -INFINITY);
  }

private:
  /// The top bit of splitmix64.
  bool draw(double value, uint64_t which) const {
    uint64_t z = std::bit_cast<uint64_t>(value) + (2 * seed + which + 1) * 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return bool((z ^ z >> 31) >> 63) != opposite;
  }

  uint64_t seed;
  bool opposite;
};

/// `value` where nothing is rounded.
inline double rounded(const Rounding *rounding, double value) {
  return rounding ? (*rounding)(value) : value;
}

inline double roundedFunction(const Rounding *rounding, double value) {
  return rounding ? rounding->ofFunction(value) : value;
}

} // namespace bregman::reference
