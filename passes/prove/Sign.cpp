// The sign of a polynomial on a piece: term by term, in any of its forms, and by removing roots.
#include "passes/prove/Algebra.h"

#include <cmath>
#include <functional>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();

Sign prove::signOfInterval(Interval range) {
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
    return info.isPositive ? Sign::Positive : signOfInterval(info.range);
  case Kind::TanhSlope:
  case Kind::Exp:
  case Kind::Sigmoid:
  case Kind::SigmoidSlope:
  case Kind::Bell:
  case Kind::Power:
    return Sign::Positive;
  case Kind::Root:
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

/// With the squares of tanh and sigmoid written by their slopes, S = 1 - t^2 and S = s - s^2, or
/// the slopes by squares.
Polynomial Algebra::withSquares(const Polynomial &polynomial, bool ofSlopes) {
  Polynomial result = polynomial;
  if (polynomial.terms().size() > 40)
    return result;
  for (Atom atom = 0, count = atoms.size(); atom < count; ++atom) {
    const AtomInfo info = atoms[atom];
    bool isTanh = info.kind == Kind::Tanh || info.kind == Kind::TanhSlope;
    bool isSlope = info.kind == Kind::TanhSlope || info.kind == Kind::SigmoidSlope;
    bool isSigmoid = info.kind == Kind::Sigmoid || info.kind == Kind::SigmoidSlope;
    if (!(isTanh || isSigmoid) || isSlope == ofSlopes || !result.contains(atom) ||
        result.lowestDegree(atom) < 0)
      continue;
    Kind other = isTanh ? (isSlope ? Kind::Tanh : Kind::TanhSlope)
                        : (isSlope ? Kind::Sigmoid : Kind::SigmoidSlope);
    Fraction partner = function(other, info.argument);
    if (!partner.below.isConstant() || !partner.above.isMonomial())
      continue;
    Polynomial p = partner.above, one = Polynomial::constant(1.0);
    // What replaces t^2, s^2 or S.
    Polynomial by = isTanh    ? one - (isSlope ? p * p : p)
                    : isSlope ? p - p * p
                              : Polynomial::atom(atom) - p;
    int step = isSlope ? 1 : 2;
    for (int power = result.degree(atom); power >= step; power = result.degree(atom)) {
      Polynomial top = result.coefficient(atom, power);
      result = result.without(atom, power) + top.shifted({{atom, power - step}}) * by;
      scratch.work += 4 * result.terms().size();
      if (result.terms().size() > 100)
        return polynomial;
    }
  }
  return result;
}

Sign Algebra::termwiseInAnyForm(const Polynomial &polynomial, const Piece &piece) {
  Sign plain = termwise(polynomial, piece);
  for (bool ofSlopes : {true, false}) {
    if (plain != Sign::Unknown)
      return plain;
    Polynomial form = withSquares(polynomial, ofSlopes);
    if (!(form == polynomial))
      plain = form.isZero() ? Sign::Zero : termwise(form, piece);
  }
  return plain;
}

/// Without negative powers of roots, and with those below their degree.
Polynomial Algebra::reduced(const Polynomial &polynomial) {
  Polynomial result = polynomial;
  for (Atom atom = 0; atom < atoms.size(); ++atom) {
    if (atoms[atom].kind != Kind::Root || !result.contains(atom) ||
        !atoms[atom].argument.below.isConstant())
      continue;
    int n = atoms[atom].exponent;
    int lowest = std::min(0, result.lowestDegree(atom));
    if (lowest < 0)
      result = result.shifted({{atom, -lowest}});
    const Fraction u = atoms[atom].argument;
    Polynomial square = u.above.scaled(interval::div(Interval::point(1), u.below.value()));
    for (int power = result.degree(atom); power >= n; power = result.degree(atom)) {
      Polynomial top = result.coefficient(atom, power);
      result = result.without(atom, power) + top.shifted({{atom, power - n}}) * square;
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
  scratch.work += 4 * given.terms().size();
  if (scratch.isExhausted())
    return Sign::Unknown;
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
  Sign rest = termwiseInAnyForm(polynomial, piece);
  if (rest != Sign::Unknown)
    return product(factor, rest);
  if (auto squared = divideSquares(polynomial)) {
    Sign root = depth < 4 ? sign(*squared, piece, depth + 1) : Sign::Unknown;
    bool isNever0 = root == Sign::Positive || root == Sign::Negative;
    factor = product(factor, isNever0 ? Sign::Positive : Sign::NonNegative);
    rest = termwiseInAnyForm(polynomial, piece);
    if (rest != Sign::Unknown)
      return product(factor, rest);
  }

  if (auto root = depth < 4 ? rootOf(polynomial) : std::nullopt) {
    Sign side = sign(*root, piece, depth + 1);
    bool isNever0 = side == Sign::Positive || side == Sign::Negative;
    return product(factor, isNever0 ? Sign::Positive : Sign::NonNegative);
  }

  Interval whole = range(polynomial, piece.closed());
  rest = signOfInterval(whole);
  if (rest == Sign::NonNegative || rest == Sign::NonPositive) {
    // What an interval holds at its end only: e^u > 1 on an open piece.
    Sign strict = signByExponents(polynomial, piece, depth);
    rest = strict == Sign::Positive || strict == Sign::Negative ? strict : rest;
  }
  if (rest != Sign::Unknown)
    return product(factor, rest);

  for (Sign found :
       {signByRoots(polynomial, piece, depth), signByExponents(polynomial, piece, depth),
        signByArguments(polynomial, piece, depth), signByCoefficients(polynomial, piece, depth),
        signByHostEnds(polynomial, piece, depth)})
    if (found != Sign::Unknown)
      return product(factor, found);
  if (depth >= 4)
    return Sign::Unknown;
  // Either side of 0 apart, where odd powers have a sign and roots may be divided out.
  if (piece.low < 0 && piece.high > 0 && !piece.moves())
    return product(factor, splitAt(polynomial, piece, 0, depth));
  return product(factor, branchAndBound(polynomial, piece, depth));
}

/// A + B sqrt(u) with A and B of opposite signs has the sign that A^2 - B^2 u gives it.
Sign Algebra::signByRoots(const Polynomial &polynomial, const Piece &piece, unsigned depth) {
  for (Atom atom = 0; atom < atoms.size() && depth < 3; ++atom) {
    if (atoms[atom].kind != Kind::Root || atoms[atom].exponent != 2 ||
        polynomial.degree(atom) != 1 || !atoms[atom].argument.below.isConstant())
      continue;
    Polynomial a = polynomial.coefficient(atom, 0), b = polynomial.coefficient(atom, 1);
    Sign signA = sign(a, piece, depth + 1), signB = sign(b, piece, depth + 1);
    if (signA == Sign::Unknown || signB == Sign::Unknown)
      continue;
    const Fraction u = atoms[atom].argument;
    Polynomial square = u.above.scaled(interval::div(Interval::point(1), u.below.value()));
    if (a.terms().size() * b.terms().size() > 200)
      continue;
    scratch.work +=
        4 * (a.terms().size() + square.terms().size()) * (a.terms().size() + b.terms().size());
    Sign difference = sign(a * a - b * b * square, piece, depth + 1);
    if (difference == Sign::Unknown)
      continue;
    return isNonNegative(signA) ? difference : negated(difference);
  }
  return Sign::Unknown;
}

/// a e^u - b e^v has the sign of u - v + log(a / b).
Sign Algebra::signByExponents(const Polynomial &polynomial, const Piece &piece, unsigned depth) {
  if (polynomial.terms().size() != 2 || depth >= 3)
    return Sign::Unknown;
  const auto &[above, a] = *polynomial.terms().begin();
  const auto &[below, b] = *polynomial.terms().rbegin();
  bool opposite = (a.lo > 0 && b.hi < 0) || (a.hi < 0 && b.lo > 0);
  if (!opposite)
    return Sign::Unknown;
  Interval ratio = interval::neg(interval::div(a, b));
  Fraction difference =
      ratio.isPoint() && ratio.lo == 1
          ? Fraction()
          : Fraction(Polynomial::constant(interval::monotone(std::log, ratio, Interval::all())));
  for (auto [atom, power] : prove::product(above, reciprocal(below))) {
    if (atoms[atom].kind != Kind::Exp)
      return Sign::Unknown;
    difference = difference + Fraction::constant(power) * atoms[atom].argument;
  }
  for (const auto &[atom, power] : below)
    if (signOf(atom, piece) != Sign::Positive && power % 2)
      return Sign::Unknown;
  Sign ofBelow = sign(difference.below, piece, depth + 1);
  if (ofBelow != Sign::Positive && ofBelow != Sign::Negative)
    return Sign::Unknown;
  Sign found = prove::product(sign(difference.above, piece, depth + 1), ofBelow);
  return a.lo > 0 ? found : negated(found);
}

/// c (f(u) - f(v)) with an increasing f has the sign of c (u - v).
Sign Algebra::signByArguments(const Polynomial &polynomial, const Piece &piece, unsigned depth) {
  if (polynomial.terms().size() != 2 || depth >= 3)
    return Sign::Unknown;
  const auto &[above, a] = *polynomial.terms().begin();
  const auto &[below, b] = *polynomial.terms().rbegin();
  Monomial ratio = prove::product(above, reciprocal(below));
  if (!a.isPoint() || !b.isPoint() || a.lo != -b.lo || ratio.size() != 2 ||
      ratio[0].second != -ratio[1].second || std::abs(ratio[0].second) != 1)
    return Sign::Unknown;
  bool isFirst = ratio[0].second == 1;
  const Atom f = ratio[isFirst ? 0 : 1].first, g = ratio[isFirst ? 1 : 0].first;
  const AtomInfo of = atoms[f], other = atoms[g];
  bool rises = llvm::is_contained(
      {Kind::Tanh, Kind::Sigmoid, Kind::Atan, Kind::Erf, Kind::Log, Kind::Root}, of.kind);
  if (!rises || of.kind != other.kind || of.exponent != other.exponent)
    return Sign::Unknown;
  Sign factor = signOfInterval(a);
  for (auto [atom, power] : prove::product(above, {{f, -1}}))
    for (int i = 0; i < std::abs(power); ++i)
      factor = prove::product(factor, signOf(atom, piece));
  Fraction difference = of.argument - other.argument;
  Sign side = sign(difference.below, piece, depth + 1);
  if (factor == Sign::Unknown || (side != Sign::Positive && side != Sign::Negative))
    return Sign::Unknown;
  return prove::product(factor, prove::product(sign(difference.above, piece, depth + 1), side));
}

/// Of the powers of what is positive all coefficients have one sign.
Sign Algebra::signByCoefficients(const Polynomial &polynomial, const Piece &piece, unsigned depth) {
  if (depth >= 3 || polynomial.terms().size() > 40)
    return Sign::Unknown;
  for (Atom atom = 1, count = atoms.size(); atom < count; ++atom) {
    if (!polynomial.contains(atom) || signOf(atom, piece) != Sign::Positive)
      continue;
    bool positive = true, negative = true, strict = false;
    unsigned groups = 0;
    for (int power = polynomial.lowestDegree(atom);
         power <= polynomial.degree(atom) && (positive || negative); ++power) {
      Polynomial coefficient = polynomial.coefficient(atom, power);
      if (coefficient.isZero())
        continue;
      Sign side = ++groups > 3 ? Sign::Unknown : sign(coefficient, piece, depth + 2);
      positive &= isNonNegative(side);
      negative &= isNonPositive(side);
      strict |= side == Sign::Positive || side == Sign::Negative;
    }
    if (groups > 1 && positive)
      return strict ? Sign::Positive : Sign::NonNegative;
    if (groups > 1 && negative)
      return strict ? Sign::Negative : Sign::NonPositive;
  }
  return Sign::Unknown;
}

/// What is linear in one of the host's numbers lies between its values at the ends of the range.
Sign Algebra::signByHostEnds(const Polynomial &polynomial, const Piece &piece, unsigned depth) {
  if (depth >= 3 || piece.moves())
    return Sign::Unknown;
  std::function<bool(const Fraction &, Atom)> mentions = [&](const Fraction &part, Atom host) {
    for (const Polynomial *each : {&part.above, &part.below})
      for (const auto &[monomial, coefficient] : each->terms())
        for (auto [atom, power] : monomial)
          if (atom == host || (atom != coordinate() && mentions(atoms[atom].argument, host)))
            return true;
    return false;
  };
  for (Atom atom = 0, count = atoms.size(); atom < count; ++atom) {
    Interval ends = atoms[atom].range;
    if (atoms[atom].kind != Kind::Host || polynomial.degree(atom) != 1 ||
        polynomial.lowestDegree(atom) != 0 || !std::isfinite(ends.lo) || !std::isfinite(ends.hi))
      continue;
    bool inside = false;
    for (const auto &[monomial, coefficient] : polynomial.terms())
      for (auto [other, power] : monomial)
        inside |= other != atom && other != coordinate() && mentions(atoms[other].argument, atom);
    if (inside)
      continue;
    Polynomial free = polynomial.coefficient(atom, 0), slope = polynomial.coefficient(atom, 1);
    Sign low = sign(free + slope.scaled(Interval::point(ends.lo)), piece, depth + 1);
    if (low == Sign::Unknown)
      continue;
    Sign high = sign(free + slope.scaled(Interval::point(ends.hi)), piece, depth + 1);
    bool strict = (low == Sign::Positive && high == Sign::Positive) ||
                  (low == Sign::Negative && high == Sign::Negative);
    if (strict)
      return low;
    if (isNonNegative(low) && isNonNegative(high))
      return Sign::NonNegative;
    if (isNonPositive(low) && isNonPositive(high))
      return Sign::NonPositive;
  }
  return Sign::Unknown;
}

/// What the signs on both sides of x and at x give together.
Sign Algebra::splitAt(const Polynomial &polynomial, const Piece &piece, double x, unsigned depth) {
  Fraction place = Fraction::constant(x);
  Piece left{piece.low, x}, right{x, piece.high};
  left.end = right.start = place;
  left.start = piece.start;
  right.end = piece.end;
  Sign before = sign(polynomial, left, depth + 1);
  if (before == Sign::Unknown)
    return before;
  Sign after = sign(polynomial, right, depth + 1);
  auto here = at(Fraction(polynomial), place);
  Sign between = here ? signOfInterval(range(*here, Interval::point(x))) : Sign::Unknown;
  bool strict = true, rising = true, falling = true;
  for (Sign each : {before, after, between}) {
    strict &= each == Sign::Positive || each == Sign::Negative;
    rising &= isNonNegative(each);
    falling &= isNonPositive(each);
  }
  if (rising && falling)
    return Sign::Zero;
  if (rising)
    return strict ? Sign::Positive : Sign::NonNegative;
  if (falling)
    return strict ? Sign::Negative : Sign::NonPositive;
  return Sign::Unknown;
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
    result = interval::monotone(std::exp, u, {0, infinity});
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
  case Kind::Root:
    u = interval::max(u, Interval::point(0));
    result = info.exponent == 2
                 ? interval::monotone(std::sqrt, u, {0, infinity})
                 : interval::pow(u, interval::widen({1 / info.exponent, 1 / info.exponent}, 1));
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
  scratch.work += polynomial.terms().size();
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
