// The sign of a polynomial by branch and bound, with Taylor's formula where it touches 0.
#include "passes/prove/Algebra.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();
/// Language.md section 3: 4096 boxes on [-2^64, 2^64].
static constexpr unsigned maxBoxes = 4096;
static constexpr double far = 0x1p64;
/// Derivatives that are tried at a root.
static constexpr unsigned maxOrder = 6;

/// Halves of an interval: by ratio where it spans magnitudes.
static double split(Interval x) {
  if (x.lo < 0 && x.hi > 0)
    return 0;
  bool negative = x.hi <= 0;
  double low = negative ? -x.hi : x.lo, high = negative ? -x.lo : x.hi;
  double middle = high > 4 * low ? (low == 0 ? high / 16 : std::sqrt(low) * std::sqrt(high))
                                 : low + (high - low) / 2;
  return negative ? -middle : middle;
}

/// How far from its root x, towards the other end, the polynomial has the sign: all derivatives
/// below some order vanish at x, and that one has a sign on the whole way. 0 if it is not so.
double Algebra::boundFrom(const Polynomial &polynomial, double x, double toward, bool positive) {
  Fraction f = polynomial;
  bool leftwards = toward < x;
  for (unsigned order = 0; order <= maxOrder; ++order) {
    auto here = at(f, x);
    if (!here)
      return 0;
    if (!here->isZero()) {
      if (order == 0)
        return 0;
      for (double reach = 1; reach > 0x1p-30; reach /= 4) {
        double end = leftwards ? std::max(toward, x - reach) : std::min(toward, x + reach);
        Interval value = range(f, leftwards ? Interval{end, x} : Interval{x, end});
        Sign side = signOfInterval(value);
        if (leftwards && order % 2)
          side = negated(side);
        if (side == (positive ? Sign::Positive : Sign::Negative))
          return std::abs(end - x);
      }
      return 0;
    }
    auto next = derivative(f);
    if (!next || next->size() > 300)
      return 0;
    f = *next;
  }
  return 0;
}

Sign Algebra::branchAndBound(const Polynomial &polynomial, const Piece &piece, unsigned depth) {
  branched = true;
  rangeMemo.clear();
  // The sign to prove is that of some point.
  Interval probe = range(polynomial, Interval::point(piece.inside()));
  if (probe.contains(0)) // a root, of even order perhaps
    probe = range(polynomial, Interval::point(piece.beside()));
  bool positive = probe.lo > 0, negative = probe.hi < 0;
  if (!positive && !negative) {
    positive = probe.hi > -probe.lo;
    negative = !positive;
  }
  auto holds = [&](Interval value) { return positive ? value.lo >= 0 : value.hi <= 0; };
  auto fails = [&](Interval value) { return positive ? value.hi < 0 : value.lo > 0; };

  Interval inner = interval::intersect(piece.closed(), {-far, far});
  bool strict = true;
  // Tails, from as near as they are understood.
  for (bool right : {true, false}) {
    if (right ? piece.high != infinity : piece.low != -infinity)
      continue;
    bool done = false;
    for (double from : {4.0, 16.0, 64.0, 1024.0, 0x1p20, far}) {
      double start = right ? std::max(from, piece.low) : std::min(-from, piece.high);
      Interval tail = right ? Interval{start, infinity} : Interval{-infinity, start};
      Sign sign = signOfTail(polynomial, tail);
      if (sign == Sign::Unknown)
        sign = signByRoots(polynomial, {tail.lo, tail.hi}, depth);
      if (sign != (positive ? Sign::Positive : Sign::Negative))
        continue;
      (right ? inner.hi : inner.lo) = start;
      done = true;
      break;
    }
    if (!done)
      return Sign::Unknown;
  }
  // A root at an end.
  for (bool atLow : {true, false}) {
    double end = atLow ? inner.lo : inner.hi;
    if (!(inner.lo < inner.hi) || end != (atLow ? piece.low : piece.high))
      continue;
    auto there = at(Fraction(polynomial), end);
    if (!there || !there->isZero())
      continue;
    double reach = boundFrom(polynomial, end, atLow ? inner.hi : inner.lo, positive);
    (atLow ? inner.lo : inner.hi) += atLow ? reach : -reach;
  }
  std::vector<Interval> open;
  if (inner.lo <= inner.hi)
    open.push_back(inner);
  std::optional<Fraction> slope = derivative(Fraction(polynomial));
  if (slope && slope->size() > 60)
    slope.reset();
  std::optional<Interval> stuck;
  for (unsigned count = 0; !open.empty(); ++count) {
    Interval box = open.back();
    if (count == maxBoxes || scratch.isExhausted()) {
      stuck = box;
      break;
    }
    open.pop_back();
    ++boxes;
    Interval value = range(polynomial, box);
    if (!holds(value) && slope && box.hi - box.lo < 1) { // the mean value theorem
      double middle = box.lo + (box.hi - box.lo) / 2;
      Interval away = interval::sub(box, Interval::point(middle));
      Interval mean = interval::add(range(polynomial, Interval::point(middle)),
                                    interval::mul(range(*slope, box), away));
      Interval both = interval::intersect(value, mean);
      value = both.isEmpty() ? value : both;
    }
    if (holds(value)) {
      strict &= positive ? value.lo > 0 : value.hi < 0;
      continue;
    }
    if (fails(value))
      return Sign::Unknown;
    double middle = split(box);
    if (!(box.lo < middle && middle < box.hi) || box.hi - box.lo < 0x1p-40) {
      stuck = box;
      break;
    }
    // The smaller half first keeps the stack short.
    open.push_back({box.lo, middle});
    open.push_back({middle, box.hi});
  }
  if (stuck) {
    // It may touch 0 at a number with few digits: then both sides apart.
    double near = stuck->lo + (stuck->hi - stuck->lo) / 2;
    for (double places : {4.0, 64.0, 20.0, 100.0, 1000.0}) {
      double root = float(std::round(near * places) / places);
      if (!(piece.low < root && root < piece.high) || std::abs(root - near) > 0x1p-10 ||
          piece.moves() || depth >= 3)
        continue;
      auto there = at(Fraction(polynomial), root);
      if (there && there->isZero())
        return splitAt(polynomial, piece, root, depth);
    }
    return Sign::Unknown;
  }
  if (positive)
    return strict ? Sign::Positive : Sign::NonNegative;
  return strict ? Sign::Negative : Sign::NonPositive;
}
