// The sign of a polynomial on a piece: term by term, by removing square roots, by branch and bound.
#include "passes/prove/Algebra.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double Infinity = std::numeric_limits<double>::infinity();
/// Language.md section 3: 4096 boxes on [-2^64, 2^64].
static constexpr unsigned MaxBoxes = 4096;
static constexpr double Far = 0x1p64;

static Sign signOfInterval(Interval range) {
  if (range.isEmpty())
    return Sign::Unknown;
  if (range.lo == 0 && range.hi == 0)
    return Sign::Zero;
  if (range.lo >= 0)
    return range.lo > 0 ? Sign::Positive : Sign::NonNegative;
  if (range.hi <= 0)
    return range.hi < 0 ? Sign::Negative : Sign::NonPositive;
  return Sign::Unknown;
}

Sign Algebra::signOf(Atom atom, const Piece &piece) {
  const AtomInfo info = atoms[atom];
  switch (info.kind) {
  case Kind::Latent:
    if (piece.low == piece.high)
      return signOfInterval(piece.closed());
    // The piece is open.
    return piece.low >= 0 ? Sign::Positive : piece.high <= 0 ? Sign::Negative : Sign::Unknown;
  case Kind::Host:
    return signOfInterval(info.range);
  case Kind::TanhSlope:
  case Kind::Exp:
  case Kind::Sigmoid:
  case Kind::SigmoidSlope:
  case Kind::Bell:
  case Kind::Power:
    return Sign::Positive;
  case Kind::Sqrt:
    return sign(info.argument, piece) == Sign::Positive ? Sign::Positive : Sign::NonNegative;
  case Kind::Tanh:
  case Kind::Atan:
  case Kind::Erf:
    return sign(info.argument, piece);
  case Kind::Log:
    return sign(info.argument - Fraction::constant(1), piece);
  }
  return Sign::Unknown;
}

Sign Algebra::termwise(const Polynomial &polynomial, const Piece &piece) {
  bool positive = true, negative = true, strict = false;
  DenseMap<Atom, Sign> known;
  for (const auto &[monomial, coefficient] : polynomial.terms()) {
    Sign term = signOfInterval(coefficient);
    for (auto [atom, power] : monomial) {
      auto [found, isNew] = known.try_emplace(atom, Sign::Unknown);
      if (isNew) {
        Sign of = signOf(atom, piece);
        known[atom] = of;
      }
      Sign of = known[atom];
      if (power % 2 == 0)
        of = of == Sign::Positive || of == Sign::Negative ? Sign::Positive : Sign::NonNegative;
      term = product(term, of);
    }
    positive &= isNonNegative(term);
    negative &= isNonPositive(term);
    strict |= term == Sign::Positive || term == Sign::Negative;
  }
  if (positive)
    return strict ? Sign::Positive : Sign::NonNegative;
  if (negative)
    return strict ? Sign::Negative : Sign::NonPositive;
  return Sign::Unknown;
}

/// Without negative powers of square roots, and with those of at most one.
Polynomial Algebra::reduced(const Polynomial &polynomial) {
  Polynomial result = polynomial;
  for (Atom atom = 0; atom < atoms.size(); ++atom) {
    if (atoms[atom].kind != Kind::Sqrt || !result.contains(atom) ||
        !atoms[atom].argument.below.isConstant())
      continue;
    int lowest = std::min(0, result.lowestDegree(atom));
    if (lowest < 0)
      result = result.shifted({{atom, -lowest}});
    const Fraction u = atoms[atom].argument;
    Polynomial square = u.above.scaled(interval::div(Interval::point(1), u.below.value()));
    for (int power = result.degree(atom); power >= 2; power = result.degree(atom)) {
      Polynomial top = result.coefficient(atom, power);
      result = result - top.shifted({{atom, power}}) + top.shifted({{atom, power - 2}}) * square;
      if (result.terms().size() > 600)
        return polynomial;
    }
  }
  return result;
}

/// Roots at the ends of the piece, where the polynomial is one of x alone with exact coefficients,
/// are divided out: what is left need not come near 0. Returns the sign of what was taken.
Sign Algebra::withoutRootsAtEnds(Polynomial &polynomial, const Piece &piece) {
  for (const auto &[monomial, coefficient] : polynomial.terms())
    if (!coefficient.isPoint() || monomial.size() > 1 ||
        (monomial.size() == 1 && (monomial[0].first != 0 || monomial[0].second < 0)))
      return Sign::Positive;
  Sign taken = Sign::Positive;
  for (double end : {piece.low, piece.high}) {
    while (std::isfinite(end) && polynomial.degree(0) > 0) {
      // Horner: the partial values are the quotient's coefficients.
      Polynomial quotient;
      Interval value = Interval::point(0);
      for (int power = polynomial.degree(0); power >= 0; --power) {
        Polynomial coefficient = polynomial.coefficient(0, power);
        value = interval::add(interval::mul(value, Interval::point(end)), coefficient.value());
        if (!value.isPoint())
          return taken;
        if (power > 0)
          quotient = quotient + Polynomial::atom(0, power - 1).scaled(value);
      }
      if (value.lo != 0)
        break;
      polynomial = quotient;
      taken = end == piece.low ? taken : negated(taken);
    }
  }
  return taken;
}

Sign Algebra::sign(const Polynomial &given, const Piece &piece, unsigned depth) {
  if (given.isZero())
    return Sign::Zero;
  if (given.isConstant())
    return signOfInterval(given.value());
  Polynomial polynomial = reduced(given);
  if (polynomial.isZero())
    return Sign::Zero;
  // What multiplies every term and has a sign goes out.
  Sign factor = Sign::Positive;
  for (Atom atom = 0; atom < atoms.size(); ++atom) {
    if (!polynomial.contains(atom))
      continue;
    int lowest = polynomial.lowestDegree(atom);
    if (lowest == 0)
      continue;
    Sign of = signOf(atom, piece);
    bool nonZero = of == Sign::Positive || of == Sign::Negative;
    if (!nonZero && lowest < 0)
      continue;
    if (of == Sign::Unknown && lowest % 2 == 0 && lowest > 0)
      of = Sign::NonNegative;
    if (of == Sign::Unknown)
      continue;
    polynomial = polynomial.shifted({{atom, -lowest}});
    factor = product(factor, lowest % 2 == 0 && nonZero ? Sign::Positive : of);
  }
  if (piece.low < piece.high)
    factor = product(factor, withoutRootsAtEnds(polynomial, piece));
  Sign rest = termwise(polynomial, piece);
  if (rest != Sign::Unknown)
    return product(factor, rest);

  Interval whole = range(polynomial, piece.closed());
  rest = signOfInterval(whole);
  if (rest != Sign::Unknown)
    return product(factor, rest);

  // A + B sqrt(u) with A and B of opposite signs has the sign that A^2 - B^2 u gives it.
  for (Atom atom = 0; atom < atoms.size() && depth < 3; ++atom) {
    if (atoms[atom].kind != Kind::Sqrt || polynomial.degree(atom) != 1 ||
        !atoms[atom].argument.below.isConstant())
      continue;
    Polynomial a = polynomial.coefficient(atom, 0), b = polynomial.coefficient(atom, 1);
    Sign signA = sign(a, piece, depth + 1), signB = sign(b, piece, depth + 1);
    if (signA == Sign::Unknown || signB == Sign::Unknown)
      continue;
    const Fraction u = atoms[atom].argument;
    Polynomial square = u.above.scaled(interval::div(Interval::point(1), u.below.value()));
    Sign difference = sign(a * a - b * b * square, piece, depth + 1);
    if (difference == Sign::Unknown)
      continue;
    return product(factor, isNonNegative(signA) ? difference : negated(difference));
  }
  if (depth > 0)
    return Sign::Unknown;
  return product(factor, branchAndBound(polynomial, piece));
}

Sign Algebra::sign(const Fraction &fraction, const Piece &piece) {
  if (fraction.isZero())
    return Sign::Zero;
  Sign below = sign(fraction.below, piece);
  if (below != Sign::Positive && below != Sign::Negative)
    return Sign::Unknown;
  return product(sign(fraction.above, piece), below);
}

Interval Algebra::rangeOf(Atom atom, Interval x) {
  auto key = std::pair(atom, std::pair(x.lo, x.hi));
  auto known = rangeMemo.find(key);
  if (known != rangeMemo.end())
    return known->second;
  const AtomInfo info = atoms[atom];
  Interval u =
      info.kind == Kind::Latent || info.kind == Kind::Host ? Interval() : range(info.argument, x);
  auto logistic = [](double v) { return 1 / (1 + std::exp(-v)); };
  auto tanhSlope = [](double v) { // in |v|, decreasing
    double e = std::exp(-2 * v);
    return -4 * e / ((1 + e) * (1 + e));
  };
  auto sigmoidSlope = [](double v) {
    double e = std::exp(-v);
    return -e / ((1 + e) * (1 + e));
  };
  auto bell = [](double v) { return -std::exp(-v * v); };
  auto bump = [&](double (*function)(double)) {
    return interval::neg(
        interval::widen(interval::monotone(function, interval::abs(u), {-1, 0}), 4));
  };
  Interval result;
  switch (info.kind) {
  case Kind::Latent:
    result = x;
    break;
  case Kind::Host:
    result = info.range;
    break;
  case Kind::Tanh:
    result = interval::monotone(std::tanh, u, {-1, 1});
    break;
  case Kind::Erf:
    result = interval::monotone(std::erf, u, {-1, 1});
    break;
  case Kind::Atan:
    result = interval::monotone(std::atan, u, {-1.5707963267948968, 1.5707963267948968});
    break;
  case Kind::Exp:
    result = interval::monotone(std::exp, u, {0, Infinity});
    break;
  case Kind::Sigmoid:
    result = interval::monotone(logistic, u, {0, 1});
    break;
  case Kind::TanhSlope:
    result = interval::intersect(bump(tanhSlope), {0, 1});
    break;
  case Kind::SigmoidSlope:
    result = interval::intersect(bump(sigmoidSlope), {0, 0.25});
    break;
  case Kind::Bell:
    result = interval::intersect(bump(bell), {0, 1});
    break;
  case Kind::Sqrt:
    result = interval::monotone(std::sqrt, interval::max(u, Interval::point(0)), {0, Infinity});
    break;
  case Kind::Log:
    result = interval::monotone(std::log, interval::max(u, Interval::point(0)), Interval::all());
    break;
  case Kind::Power:
    result = interval::pow(interval::max(u, Interval::point(0)), Interval::point(info.exponent));
    break;
  }
  return rangeMemo[key] = result;
}

/// Powers of one interval: even ones are not negative.
static Interval power(Interval base, int n) { return interval::pow(base, Interval::point(n)); }

Interval Algebra::range(const Polynomial &given, Interval x) {
  // Far from 0, divided by the leading power of x, nothing cancels that need not.
  int lead = given.contains(0) ? given.degree(0) : 0;
  bool scaleDown = lead > 0 && (x.lo >= 1 || x.hi <= -1);
  Polynomial shifted;
  if (scaleDown)
    shifted = given.shifted({{0, -lead}});
  const Polynomial &polynomial = scaleDown ? shifted : given;
  Interval sum = Interval::point(0);
  for (const auto &[monomial, coefficient] : polynomial.terms()) {
    Interval term = coefficient;
    for (auto [atom, n] : monomial)
      term = interval::mul(term, power(rangeOf(atom, x), n));
    sum = interval::add(sum, term);
  }
  return scaleDown ? interval::mul(sum, power(x, lead)) : sum;
}

Interval Algebra::range(const Fraction &fraction, Interval x) {
  ++boxes;
  return interval::div(range(fraction.above, x), range(fraction.below, x));
}

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

Sign Algebra::branchAndBound(const Polynomial &polynomial, const Piece &piece) {
  branched = true;
  rangeMemo.clear();
  // The sign to prove is that of some point.
  Interval probe = range(polynomial, Interval::point(piece.inside()));
  bool positive = probe.lo > 0, negative = probe.hi < 0;
  if (!positive && !negative) {
    positive = probe.hi > -probe.lo;
    negative = !positive;
  }
  std::vector<Interval> open;
  Interval inner = interval::intersect(piece.closed(), {-Far, Far});
  if (!inner.isEmpty())
    open.push_back(inner);
  if (piece.high == Infinity)
    open.push_back({std::max(Far, piece.low), Infinity});
  if (piece.low == -Infinity)
    open.push_back({-Infinity, std::min(-Far, piece.high)});
  bool strict = true;
  for (unsigned count = 0; !open.empty(); ++count) {
    if (count == MaxBoxes)
      return Sign::Unknown;
    Interval box = open.back();
    open.pop_back();
    ++boxes;
    Interval value = range(polynomial, box);
    // Beyond 2^64 the sign of what is divided by the leading power decides.
    bool tail = std::isinf(box.lo) || std::isinf(box.hi);
    if (tail && polynomial.contains(0) && polynomial.degree(0) > 0) {
      int lead = polynomial.degree(0);
      Interval scaled = range(polynomial.shifted({{0, -lead}}), box);
      value = box.hi <= 0 && lead % 2 ? interval::neg(scaled) : scaled;
    }
    if (positive ? value.lo >= 0 : value.hi <= 0) {
      strict &= positive ? value.lo > 0 : value.hi < 0;
      continue;
    }
    if (positive ? value.hi < 0 : value.lo > 0)
      return Sign::Unknown;
    double middle = split(box);
    if (tail || !(box.lo < middle && middle < box.hi))
      return Sign::Unknown;
    // The smaller half first keeps the stack short.
    open.push_back({box.lo, middle});
    open.push_back({middle, box.hi});
  }
  if (positive)
    return strict ? Sign::Positive : Sign::NonNegative;
  return strict ? Sign::Negative : Sign::NonPositive;
}
