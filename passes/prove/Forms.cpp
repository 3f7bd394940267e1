// Other forms of a polynomial in which its sign may be seen: squares by slopes, roots below their
// degree, without the roots at the ends of a piece.
#include "passes/prove/Algebra.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

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
