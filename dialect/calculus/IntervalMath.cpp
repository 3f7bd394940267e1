// Directed rounding without touching the rounding mode: the error of each operation is computed
// exactly (Dekker, Knuth) and the result is moved by one unit where it lies on the wrong side.
#include "dialect/calculus/IntervalMath.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

using namespace bregman;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();

double below(double value) { return std::nextafter(value, -infinity); }
double above(double value) { return std::nextafter(value, infinity); }

enum class Toward { Lower, Upper };

/// `value` is a rounded result whose exact value is value + error, `error` known by its sign.
double directed(double value, double error, Toward side) {
  if (side == Toward::Lower)
    return error < 0 ? below(value) : value;
  return error > 0 ? above(value) : value;
}

/// A finite operation that overflowed lies beyond the largest finite number.
double overflowed(double value, Toward side) {
  if (side == Toward::Lower)
    return value > 0 ? DBL_MAX : value;
  return value < 0 ? -DBL_MAX : value;
}

double addTo(double a, double b, Toward side) {
  double sum = a + b;
  if (std::isinf(a) || std::isinf(b)) {
    // inf - inf can only meet where the other interval is unbounded too.
    if (std::isnan(sum))
      return side == Toward::Lower ? -infinity : infinity;
    return sum;
  }
  if (std::isinf(sum))
    return overflowed(sum, side);
  double other = sum - a;
  double error = (a - (sum - other)) + (b - other);
  return directed(sum, error, side);
}

double mulTo(double a, double b, Toward side) {
  if (a == 0 || b == 0)
    return 0;
  double product = a * b;
  if (std::isinf(a) || std::isinf(b))
    return product;
  if (std::isinf(product))
    return overflowed(product, side);
  if (std::abs(product) < 0x1p-960) // the error itself may underflow
    return side == Toward::Lower ? below(product) : above(product);
  return directed(product, std::fma(a, b, -product), side);
}

double divTo(double a, double b, Toward side) {
  if (a == 0)
    return 0;
  double quotient = a / b;
  if (std::isinf(b))
    return std::isinf(a) ? (side == Toward::Lower ? -infinity : infinity) : 0;
  if (std::isinf(a))
    return quotient;
  if (std::isinf(quotient))
    return overflowed(quotient, side);
  if (std::abs(quotient) < 0x1p-960 || std::abs(a) < 0x1p-960)
    return side == Toward::Lower ? below(quotient) : above(quotient);
  double rest = std::fma(-quotient, b, a);
  return directed(quotient, b > 0 ? rest : -rest, side);
}
} // namespace

Interval interval::hull(Interval a, Interval b) {
  return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)};
}

Interval interval::intersect(Interval a, Interval b) {
  Interval both{std::max(a.lo, b.lo), std::min(a.hi, b.hi)};
  return both.isEmpty() ? Interval::empty() : both;
}

Interval interval::add(Interval a, Interval b) {
  if (a.isEmpty() || b.isEmpty())
    return Interval::empty();
  return {addTo(a.lo, b.lo, Toward::Lower), addTo(a.hi, b.hi, Toward::Upper)};
}

Interval interval::neg(Interval a) { return a.isEmpty() ? a : Interval{-a.hi, -a.lo}; }

Interval interval::sub(Interval a, Interval b) { return add(a, neg(b)); }

Interval interval::mul(Interval a, Interval b) {
  if (a.isEmpty() || b.isEmpty())
    return Interval::empty();
  Interval result = Interval::empty();
  for (double x : {a.lo, a.hi})
    for (double y : {b.lo, b.hi})
      result = hull(result, {mulTo(x, y, Toward::Lower), mulTo(x, y, Toward::Upper)});
  return result;
}

Interval interval::div(Interval a, Interval b) {
  if (a.isEmpty() || b.isEmpty())
    return Interval::empty();
  if (b.lo < 0 && b.hi > 0)
    return Interval::all();
  if (b.lo == 0 && b.hi == 0)
    return Interval::all();
  if (b.lo == 0 || b.hi == 0) { // 1 / b is unbounded on one side
    bool positive = b.hi > 0;
    Interval reciprocal = positive ? Interval{divTo(1, b.hi, Toward::Lower), infinity}
                                   : Interval{-infinity, divTo(1, b.lo, Toward::Upper)};
    if (std::isinf(positive ? b.hi : b.lo))
      reciprocal = positive ? Interval{0, infinity} : Interval{-infinity, 0};
    return mul(a, reciprocal);
  }
  Interval result = Interval::empty();
  for (double x : {a.lo, a.hi})
    for (double y : {b.lo, b.hi})
      result = hull(result, {divTo(x, y, Toward::Lower), divTo(x, y, Toward::Upper)});
  return result;
}

Interval interval::abs(Interval a) {
  if (a.isEmpty() || a.lo >= 0)
    return a;
  return a.hi <= 0 ? neg(a) : Interval{0, std::max(-a.lo, a.hi)};
}

Interval interval::square(Interval a) {
  Interval size = abs(a);
  if (size.isEmpty())
    return size;
  return {mulTo(size.lo, size.lo, Toward::Lower), mulTo(size.hi, size.hi, Toward::Upper)};
}

Interval interval::min(Interval a, Interval b) {
  if (a.isEmpty() || b.isEmpty())
    return Interval::empty();
  return {std::min(a.lo, b.lo), std::min(a.hi, b.hi)};
}

Interval interval::max(Interval a, Interval b) {
  if (a.isEmpty() || b.isEmpty())
    return Interval::empty();
  return {std::max(a.lo, b.lo), std::max(a.hi, b.hi)};
}

Interval interval::widen(Interval a, int ulps) {
  for (int i = 0; i < ulps && !a.isEmpty(); ++i)
    a = {below(a.lo), above(a.hi)};
  return a;
}

Interval interval::monotone(double (*function)(double), Interval a, Interval image) {
  if (a.isEmpty())
    return a;
  // At 0 the language's functions are exact.
  Interval ends{function(a.lo), function(a.hi)}, wide = widen(ends);
  return intersect({a.lo == 0 ? ends.lo : wide.lo, a.hi == 0 ? ends.hi : wide.hi}, image);
}

Interval interval::pow(Interval a, Interval b) {
  if (a.isEmpty() || b.isEmpty())
    return Interval::empty();
  if (b.isPoint() && b.lo == 0)
    return Interval::point(1);
  if (b.isPoint() && b.lo == 1)
    return a;
  if (b.isPoint() && b.lo == 2)
    return square(a);
  if (b.isPoint() && b.lo == std::floor(b.lo) && std::isfinite(b.lo)) {
    bool even = std::fmod(b.lo, 2) == 0;
    if (b.lo < 0)
      return div(Interval::point(1), pow(a, neg(b)));
    if (even)
      a = abs(a);
    auto power = [&](double base, Toward side) {
      double value = std::pow(base, b.lo);
      if (base == 0 || base == 1 || base == -1 || std::isinf(base))
        return value;
      if (std::isinf(value))
        return overflowed(value, side);
      Interval wide = widen(Interval::point(value));
      return side == Toward::Lower ? wide.lo : wide.hi;
    };
    Interval result{power(a.lo, Toward::Lower), power(a.hi, Toward::Upper)};
    return even ? intersect(result, {0, infinity}) : result;
  }
  if (a.lo < 0)
    return Interval::all();
  // Monotone in each operand on a >= 0, so that the extremes lie in the corners.
  Interval result = Interval::empty();
  for (double base : {a.lo, a.hi})
    for (double exponent : {b.lo, b.hi}) {
      if ((base == 1 && std::isinf(exponent)) ||
          (exponent == 0 && (base == 0 || std::isinf(base)))) {
        // Both a limit of 1 and, from the side, anything between 0 and infinity.
        if (!(base == 1 && a.isPoint()))
          return {0, infinity};
        result = hull(result, Interval::point(1));
        continue;
      }
      double value = std::pow(base, exponent);
      if (base == 1 || exponent == 0)
        result = hull(result, Interval::point(1));
      else if (std::isinf(value) && std::isfinite(base) && base != 0 && std::isfinite(exponent))
        result = hull(result, {DBL_MAX, infinity});
      else if (value == 0 || std::isinf(value))
        result =
            hull(result, {value == 0 ? 0 : value,
                          value == 0 && base != 0 && std::isfinite(exponent) ? DBL_MIN : value});
      else
        result = hull(result, widen(Interval::point(value)));
    }
  return intersect(result, {0, infinity});
}

double interval::round(double value) {
  double low = std::floor(value);
  return value - low >= 0.5 ? low + 1 : low;
}

double interval::sign(double value) { return std::isnan(value) ? value : value < 0 ? -1 : 1; }

double interval::sgn(double value) {
  return std::isnan(value) || value == 0 ? (value == 0 ? 0 : value) : value < 0 ? -1 : 1;
}
