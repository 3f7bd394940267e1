// The 16-bit floats, by their bits.
#pragma once

#include <cmath>
#include <cstdint>

namespace bregman::standin {

/// A format of 16 bits: how many of them are the fraction's, and its exponents.
struct Format {
  int fraction, smallest, largest;
};
inline constexpr Format half = {10, -14, 15}, brain = {7, -126, 127};

inline double widen(uint16_t bits, Format format) {
  int exponent = bits >> format.fraction & (0x7fff >> format.fraction);
  int fraction = bits & ((1 << format.fraction) - 1);
  double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == 0x7fff >> format.fraction)
    return fraction ? std::nan("") : sign * HUGE_VAL;
  if (exponent == 0)
    return sign * std::ldexp(fraction, format.smallest - format.fraction);
  return sign * std::ldexp(fraction + (1 << format.fraction),
                           exponent - 1 + format.smallest - format.fraction);
}

/// Rounds to nearest even. Not a number becomes 0x7fff, as on the device.
inline uint16_t narrow(double value, Format format) {
  if (std::isnan(value))
    return 0x7fff;
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  value = std::fabs(value);
  uint16_t infinity = uint16_t(0x7fff >> format.fraction << format.fraction);
  int exponent = 0;
  if (value == 0)
    return sign;
  if (std::isinf(value))
    return sign | infinity;
  std::frexp(value, &exponent);
  exponent = std::max(exponent - 1, format.smallest);
  // nearbyint rounds to even.
  double units = std::nearbyint(std::ldexp(value, format.fraction - exponent));
  double all = units + std::ldexp(exponent - format.smallest, format.fraction);
  return sign | (all >= infinity ? infinity : uint16_t(all));
}

} // namespace bregman::standin
