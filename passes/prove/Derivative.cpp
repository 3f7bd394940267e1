// Derivatives of atoms, polynomials and fractions in the coordinate.
#include "passes/prove/Algebra.h"

#include <numbers>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

std::optional<Fraction> Algebra::derivative(Atom atom) {
  const AtomInfo info = atoms[atom];
  if (info.kind == Kind::Latent)
    return Fraction::constant(1);
  if (!info.usesLatent)
    return Fraction();
  std::optional<Fraction> inner = derivative(info.argument);
  if (!inner)
    return std::nullopt;
  Fraction self = Polynomial::atom(atom), u = info.argument, one = Fraction::constant(1);
  auto two = Fraction::constant(2);
  switch (info.kind) {
  case Kind::Tanh:
    return function(Kind::TanhSlope, u) * *inner;
  case Kind::TanhSlope:
    return -(two * function(Kind::Tanh, u) * self * *inner);
  case Kind::Exp:
    return self * *inner;
  case Kind::Sigmoid:
    return function(Kind::SigmoidSlope, u) * *inner;
  case Kind::SigmoidSlope:
    return self * (one - two * function(Kind::Sigmoid, u)) * *inner;
  case Kind::Root: {
    Fraction slope = *inner * self; // u' r / (n u)
    return Fraction(slope.above * u.below,
                    slope.below * u.above.scaled(Interval::point(info.exponent)));
  }
  case Kind::Log:
    return *inner / u;
  case Kind::Atan:
    return *inner / (one + u * u);
  case Kind::Erf: {
    // An atom, so that it goes out where it multiplies every term.
    AtomInfo factor{};
    factor.kind = Kind::Host;
    factor.range = interval::widen(Interval::point(2 * std::numbers::inv_sqrtpi));
    factor.isPositive = true;
    return Fraction(Polynomial::atom(intern(factor))) * function(Kind::Bell, u) * *inner;
  }
  case Kind::Bell:
    return -(two * u * self * *inner);
  case Kind::Power:
    return Fraction::constant(info.exponent) * self * *inner / u;
  default:
    return std::nullopt;
  }
}

/// Whether a sum or a product of the two is worth its while.
bool Algebra::isAffordable(const Fraction &a, const Fraction &b) {
  size_t terms = a.size() * b.size();
  scratch.work += terms;
  return terms <= 4000 && !scratch.isExhausted();
}

std::optional<Fraction> Algebra::derivative(const Polynomial &polynomial) {
  Fraction sum;
  for (const auto &[monomial, coefficient] : polynomial.terms())
    for (auto [atom, power] : monomial) {
      if (!atoms[atom].usesLatent)
        continue;
      std::optional<Fraction> inner = derivative(atom);
      if (!inner)
        return std::nullopt;
      Polynomial outer;
      outer.add(prove::product(monomial, {{atom, -1}}),
                interval::mul(coefficient, Interval::point(power)));
      if (!isAffordable(sum, *inner))
        return std::nullopt;
      sum = sum + Fraction(outer) * *inner;
    }
  return sum;
}

std::optional<Fraction> Algebra::derivative(const Fraction &fraction) {
  std::optional<Fraction> above = derivative(fraction.above);
  if (!above)
    return std::nullopt;
  if (fraction.below.isConstant())
    return *above / fraction.below;
  std::optional<Fraction> below = derivative(fraction.below);
  if (!below)
    return std::nullopt;
  if (!isAffordable(*above, *below) || !isAffordable(*above, fraction) ||
      !isAffordable(*below, fraction))
    return std::nullopt;
  Fraction numerator = *above * fraction.below - *below * fraction.above;
  return numerator / Fraction(fraction.below * fraction.below);
}
