// What the calculus interface speaks about: intervals and slopes of a function of one variable.
#pragma once

#include <limits>

namespace bregman {

/// A closed interval of reals; `lo` > `hi` is empty. Infinite ends mean unbounded. Results of
/// interval functions are outward rounded: they contain the exact range.
struct Interval {
  double lo = -std::numeric_limits<double>::infinity();
  double hi = std::numeric_limits<double>::infinity();

  static Interval all() { return {}; }
  static Interval point(double value) { return {value, value}; }
  static Interval empty() {
    return {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  }
  bool isEmpty() const { return lo > hi; }
  bool isPoint() const { return lo == hi; }
  bool contains(double value) const { return lo <= value && value <= hi; }
  bool contains(Interval other) const { return lo <= other.lo && other.hi <= hi; }
};

/// How a function moves with one of its operands while the others stay.
enum class Direction { Constant, Increasing, Decreasing, Unknown };

struct Slope {
  Direction direction = Direction::Unknown;
  bool strict = false; ///< no two operands give the same result
  bool jumps = false;  ///< not continuous in this operand
};

/// Which end of the real line a limit is taken at.
enum class End { Minus, Plus };

} // namespace bregman
