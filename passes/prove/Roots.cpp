// Where a difference is 0 on a piece: by its formula, or between the roots of its derivative.
#include "passes/prove/Algebra.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr unsigned maxTurns = 4;

/// A factor r with a = r b; none when there is none.
static std::optional<double> ratio(const Polynomial &a, const Polynomial &b) {
  if (a.isZero())
    return 0;
  if (b.isZero() || a.terms().size() != b.terms().size())
    return std::nullopt;
  Interval r = interval::div(a.terms().begin()->second, b.terms().begin()->second);
  if (!r.isPoint() || !(a - b.scaled(r)).isZero())
    return std::nullopt;
  return r.lo;
}

/// The root of a function that is monotone on [low, high], between two numbers.
static std::optional<Interval> bracket(llvm::function_ref<Interval(double)> value, double low,
                                       double high) {
  Interval first = value(low), last = value(high);
  bool rises = first.hi < 0 && last.lo > 0, falls = first.lo > 0 && last.hi < 0;
  if (!rises && !falls)
    return std::nullopt;
  for (int i = 0; i < 200; ++i) {
    double middle = low + (high - low) / 2;
    Interval here = value(middle);
    if (!(low < middle && middle < high) || (here.lo <= 0 && here.hi >= 0))
      break;
    ((here.lo > 0) == rises ? high : low) = middle;
  }
  return Interval{low, high};
}

/// The start of a piece, at the kink of another switch.
void Algebra::addStart(const Piece &piece, std::vector<Kink> &kinks) {
  Fraction place = piece.origin ? *piece.origin + *piece.start : *piece.start;
  auto values = scratch.evaluate(scratch.inside(0));
  kinks.push_back({range(place, Interval::point(0)), valueAt(place, 0, values), place});
}

/// A root known by its formula, if it lies on the piece; false if that could not be told.
bool Algebra::addRoot(const Piece &piece, const Fraction &root, bool jumps,
                      std::vector<Kink> &kinks) {
  if (!piece.moves() && root.isConstant()) {
    double x = root.value().lo;
    // At the start too, where another switch may turn already.
    if (piece.low <= x && x < piece.high && std::isfinite(x))
      kinks.push_back({root.value(), x, root});
    return true;
  }
  // Inside the piece at every setting, or at none.
  auto lies = [&](const std::optional<Fraction> &end, double bound, bool above) {
    if (std::isinf(bound) && !end)
      return Sign::Positive;
    Fraction from = end ? *end : Fraction::constant(bound);
    return sign(above ? from - root : root - from, piece);
  };
  Sign fromStart = lies(piece.start, piece.low, false), toEnd = lies(piece.end, piece.high, true);
  if (jumps && fromStart == Sign::Zero && piece.start)
    addStart(piece, kinks);
  if (isNonPositive(fromStart) || isNonPositive(toEnd))
    return true;
  if (!isNonNegative(fromStart) || !isNonNegative(toEnd))
    return false;
  Fraction place = piece.origin ? root + *piece.origin : root;
  auto values = scratch.evaluate(scratch.inside(0));
  kinks.push_back({range(place, Interval::point(0)), valueAt(place, 0, values), place});
  return true;
}

/// The roots of `difference` on a piece; false if that could not be told.
/// A switch that `jumps` may turn where the piece starts, at the kink of another one.
bool Algebra::addKink(const Piece &piece, const Fraction &difference, bool jumps,
                      std::vector<Kink> &kinks) {
  if (!usesLatent(difference))
    return difference.isConstant() || sign(difference, piece) == Sign::Positive ||
           sign(difference, piece) == Sign::Negative;
  const Polynomial &p = difference.above;
  bool affine = p.lowestDegree(0) >= 0 && p.degree(0) == 1 && !usesLatentBeside(p);
  Sign side = affine ? sign(difference.below, piece) : sign(difference, piece);
  if (affine && side != Sign::Positive && side != Sign::Negative)
    return false;
  if (!affine && jumps && (piece.start || !std::isinf(piece.low))) {
    auto here = piece.start ? at(difference, *piece.start) : std::nullopt;
    if (here && here->isZero())
      addStart(piece, kinks);
    Interval there = range(difference, Interval::point(piece.start ? 0 : piece.low));
    if (!here && there.contains(0))
      return false;
  }
  if (!affine && (side == Sign::Positive || side == Sign::Negative || side == Sign::Zero))
    return true;
  if (affine) {
    Polynomial constant = p.coefficient(0, 0), slope = p.coefficient(0, 1);
    Fraction root = -Fraction(constant, slope);
    std::optional<double> number = ratio(constant, slope);
    if (number)
      root = Fraction::constant(-*number);
    // At a slope of 0 all of the line is a root: what cannot jump has one value then, from either
    // side, if the root is the same at every other slope.
    Sign steep = sign(slope, piece);
    bool isSteep = steep == Sign::Positive || steep == Sign::Negative;
    bool isOneSided = isNonNegative(steep) || isNonPositive(steep);
    if (!isSteep && (jumps || !number || !isOneSided))
      return false;
    return addRoot(piece, root, jumps, kinks);
  }
  // x^2 = k, where k moves with the host's numbers.
  bool isSquare = p.lowestDegree(0) == 0 && p.degree(0) == 2 && !usesLatentBeside(p) &&
                  p.coefficient(0, 1).isZero();
  if (isSquare && hostAtomsIn(difference)) {
    Fraction square = -Fraction(p.coefficient(0, 0), p.coefficient(0, 2));
    Sign below = sign(difference.below, piece);
    if ((below != Sign::Positive && below != Sign::Negative) ||
        sign(square, piece) != Sign::Positive)
      return false;
    Fraction root = function(Kind::Root, square, 2);
    return addRoot(piece, -root, jumps, kinks) && addRoot(piece, root, jumps, kinks);
  }
  if (piece.moves() || hostAtomsIn(difference))
    return false;
  return isolateRoots(piece, difference, kinks, 0);
}

/// Without a denominator and factors that are never 0: what is left has the same roots, and its
/// derivatives are simpler.
Fraction Algebra::withoutFactors(const Fraction &fraction, const Piece &piece) {
  auto isNever0 = [](Sign of) { return of == Sign::Positive || of == Sign::Negative; };
  if (!isNever0(sign(fraction.below, piece)))
    return fraction;
  Polynomial above = fraction.above;
  for (Atom atom = 0; atom < atoms.size(); ++atom)
    if (int lowest = above.contains(atom) ? above.lowestDegree(atom) : 0;
        lowest && isNever0(signOf(atom, piece)))
      above = above.shifted({{atom, -lowest}});
  return above;
}

/// The roots of a difference of x alone, each within an interval: between the roots of its
/// derivative it has one at most.
bool Algebra::isolateRoots(const Piece &piece, const Fraction &given, std::vector<Kink> &kinks,
                           unsigned depth) {
  const Fraction difference = withoutFactors(given, piece);
  Sign side = sign(difference, piece);
  if (side == Sign::Positive || side == Sign::Negative)
    return true;
  auto slope = derivative(difference);
  Sign steep = slope ? sign(*slope, piece) : Sign::Unknown;
  if (isNonNegative(steep) || isNonPositive(steep))
    return isolateRoot(piece, difference, steep, kinks);
  std::vector<Kink> turns;
  if (!slope || depth == maxTurns || scratch.isExhausted() ||
      !isolateRoots(piece, *slope, turns, depth + 1))
    return false;
  llvm::sort(turns, [](const Kink &a, const Kink &b) { return a.here < b.here; });
  Piece rest = piece;
  for (const Kink &turn : turns) {
    Piece left = rest;
    left.high = turn.where.lo;
    left.end = turn.exact;
    rest.low = turn.where.hi;
    rest.start = turn.exact;
    if (left.low < left.high && !isolateRoots(left, difference, kinks, depth + 1))
      return false;
    // It may touch 0 where it turns.
    auto there = turn.exact ? at(difference, *turn.exact) : std::nullopt;
    if (there && there->isZero())
      kinks.push_back(turn);
    else if (range(difference, turn.where).contains(0))
      return false;
  }
  return !(rest.low < rest.high) || isolateRoots(rest, difference, kinks, depth + 1);
}

std::optional<std::vector<Kink>> Algebra::rootsOf(const Fraction &fraction, const Piece &piece) {
  std::vector<Kink> roots;
  bool isTold = !piece.moves() && addKink(piece, fraction, /*jumps=*/false, roots);
  return isTold ? std::optional(roots) : std::nullopt;
}

/// The root of a monotone difference of x alone, if it has one inside.
bool Algebra::isolateRoot(const Piece &piece, const Fraction &difference, Sign steep,
                          std::vector<Kink> &kinks) {
  auto exact = [&](double x) { return at(difference, x); };
  auto value = [&](double x) {
    auto here = exact(x);
    return here ? range(*here, Interval::point(x)) : Interval::all();
  };
  // As far out as the sign is seen: it stays what it is there.
  auto boundOf = [&](double end, double sign) {
    double bound = end;
    for (int power : {64, 32, 16, 10, 8, 7, 6, 5, 4, 3, 2}) {
      if (!std::isinf(end))
        break;
      bound = sign * std::ldexp(1, power);
      if (!value(bound).contains(0))
        break;
    }
    return bound;
  };
  double low = boundOf(piece.low, -1), high = boundOf(piece.high, 1);
  // 0 at an end, it is 0 nowhere else.
  for (double end : {low, high})
    if (auto here = exact(end); here && here->isZero() && !(steep == Sign::Zero))
      return true;
  // By intervals, and exactly where they do not tell.
  auto valueNear = [&](double x) {
    Interval here = range(difference, Interval::point(x));
    return here.contains(0) ? value(x) : here;
  };
  auto root = bracket(valueNear, low, high);
  if (!root) {
    // Above 0 from its lower end on, or below 0 up to its upper end.
    bool rises = isNonNegative(steep);
    Interval first = value(rises ? low : high), last = value(rises ? high : low);
    bool hasFirst = !std::isinf(rises ? piece.low : piece.high);
    bool hasLast = !std::isinf(rises ? piece.high : piece.low);
    if ((first.lo > 0 && hasFirst) || (last.hi < 0 && hasLast))
      return true;
    // Or from its limit there.
    Limit from = limit(difference, rises ? End::Minus : End::Plus, piece);
    Limit to = limit(difference, rises ? End::Plus : End::Minus, piece);
    return (!hasFirst && from.value && isNonNegative(sign(*from.value, piece))) ||
           (!hasLast && to.value && isNonPositive(sign(*to.value, piece)));
  }
  // A root with few digits may be exact.
  double middle = root->lo + (root->hi - root->lo) / 2, simple = std::round(middle * 64) / 64;
  auto there = root->contains(simple) ? exact(simple) : std::nullopt;
  if (there && there->isZero())
    kinks.push_back({Interval::point(simple), simple, Fraction::constant(simple)});
  else
    kinks.push_back({*root, middle, std::nullopt});
  return true;
}
