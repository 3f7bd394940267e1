// The sign of a polynomial by that of simpler ones: of roots, exponents, arguments, coefficients,
// and where one of the host's numbers is at its ends.
#include "passes/prove/Algebra.h"

#include <cmath>
#include <functional>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

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
