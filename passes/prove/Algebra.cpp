// Atoms, derivatives and values of fractions.
#include "passes/prove/Algebra.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

Sign prove::negated(Sign sign) {
  switch (sign) {
  case Sign::Negative:
    return Sign::Positive;
  case Sign::NonPositive:
    return Sign::NonNegative;
  case Sign::NonNegative:
    return Sign::NonPositive;
  case Sign::Positive:
    return Sign::Negative;
  default:
    return sign;
  }
}

Sign prove::product(Sign a, Sign b) {
  if (a == Sign::Zero || b == Sign::Zero)
    return Sign::Zero;
  if (a == Sign::Unknown || b == Sign::Unknown)
    return Sign::Unknown;
  bool strict =
      (a == Sign::Positive || a == Sign::Negative) && (b == Sign::Positive || b == Sign::Negative);
  bool positive = isNonNegative(a) == isNonNegative(b);
  if (strict)
    return positive ? Sign::Positive : Sign::Negative;
  return positive ? Sign::NonNegative : Sign::NonPositive;
}

double Piece::inside() const {
  if (std::isinf(low) && std::isinf(high))
    return 0.5;
  if (std::isinf(low))
    return high - 1 - std::abs(high) / 2;
  if (std::isinf(high))
    return low + 1 + std::abs(low) / 2;
  return low + (high - low) / 2;
}

Algebra::Algebra(Scratch &scratch) : scratch(scratch) {
  AtomInfo latent{};
  latent.kind = Kind::Latent;
  latent.usesLatent = true;
  atoms.push_back(latent);
  if (const Leaf *x = scratch.latent())
    isCoordinate[x->value] = true;
}

Algebra::Algebra(Scratch &scratch, Value inner) : Algebra(scratch) {
  isCoordinate.clear();
  isCoordinate[inner] = true;
  held = inner;
}

void Algebra::useScaledCoordinate(Value root) {
  const Leaf *x = scratch.latent();
  if (!x || isa<VectorType>(x->value.getType()))
    return;
  DenseMap<Value, Interval> ranges = scratch.ranges(scratch.admissible());
  // Widen step by step: every use of what is c x so far multiplies it by one host scalar.
  while (!isCoordinate.contains(root)) {
    Value factor;
    bool divides = false;
    SmallVector<Value> products;
    for (auto [value, is] : isCoordinate)
      for (Operation *user : value.getUsers()) {
        if (!isa<arith::MulFOp, arith::DivFOp>(user) || user->getBlock() != &scratch.block())
          return;
        bool quotient = isa<arith::DivFOp>(user);
        Value other = user->getOperand(user->getOperand(0) == value);
        bool same = !factor || (factor == other && divides == quotient);
        if (!same || scratch.dependsOnLatent(other) || (quotient && user->getOperand(1) == value))
          return;
        factor = other;
        divides = quotient;
        products.push_back(user->getResult(0));
      }
    if (!factor || !(ranges.lookup(factor).lo > 0))
      return;
    isCoordinate.clear();
    for (Value product : products)
      isCoordinate[product] = true;
    scale.push_back({factor, divides});
    memo.clear();
    insideValues.clear();
  }
}

double Algebra::scaleAt(const Point &point) const {
  if (scale.empty())
    return 1;
  auto values = scratch.evaluate(point);
  double c = 1;
  for (auto [factor, divides] : scale)
    c = divides ? c / values.lookup(factor)[0] : c * values.lookup(factor)[0];
  return c;
}

bool Algebra::usesLatent(const Fraction &fraction) const {
  for (const Polynomial *part : {&fraction.above, &fraction.below})
    for (const auto &[monomial, coefficient] : part->terms())
      for (auto [atom, power] : monomial)
        if (atoms[atom].usesLatent)
          return true;
  return false;
}

Atom Algebra::intern(AtomInfo info) {
  for (auto [i, other] : llvm::enumerate(atoms)) {
    bool same = other.kind == info.kind && other.host == info.host && other.level == info.level &&
                other.exponent == info.exponent && !(other.argument < info.argument) &&
                !(info.argument < other.argument);
    if (same)
      return i;
  }
  info.usesLatent = usesLatent(info.argument);
  atoms.push_back(info);
  return atoms.size() - 1;
}

/// A function of a fraction; its exact value where that is a number.
Fraction Algebra::function(Kind kind, const Fraction &argument, double exponent) {
  bool zero = argument.isZero();
  std::optional<double> exact;
  if (argument.isConstant() && argument.value().isPoint())
    exact = argument.value().lo;
  if (zero && (kind == Kind::Tanh || kind == Kind::Atan || kind == Kind::Erf || kind == Kind::Sqrt))
    return Fraction();
  if (zero && (kind == Kind::Exp || kind == Kind::TanhSlope || kind == Kind::Bell))
    return Fraction::constant(1);
  if (zero && kind == Kind::Sigmoid)
    return Fraction::constant(0.5);
  if (zero && kind == Kind::SigmoidSlope)
    return Fraction::constant(0.25);
  if (kind == Kind::Log && exact == 1.0)
    return Fraction();
  if (kind == Kind::Power && exact == 1.0)
    return Fraction::constant(1);
  if (kind == Kind::Sqrt && exact && *exact > 0) {
    double root = std::sqrt(*exact);
    if (std::fma(root, root, -*exact) == 0)
      return Fraction::constant(root);
  }
  AtomInfo info{};
  info.kind = kind;
  info.argument = argument;
  info.exponent = exponent;
  // exp(-u) is exp(u)^-1, so that their product is 1; odd functions take the sign out.
  bool odd = kind == Kind::Tanh || kind == Kind::Atan || kind == Kind::Erf;
  bool even = kind == Kind::TanhSlope || kind == Kind::Bell || kind == Kind::SigmoidSlope;
  if (odd || even || kind == Kind::Exp) {
    bool flip = !argument.isZero() && argument.above.terms().rbegin()->second.hi < 0;
    if (flip) {
      info.argument = -argument;
      Polynomial atom = Polynomial::atom(intern(info), kind == Kind::Exp ? -1 : 1);
      return odd ? -Fraction(atom) : Fraction(atom);
    }
  }
  return Polynomial::atom(intern(info));
}

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
  case Kind::Sqrt:
    return *inner / (two * self);
  case Kind::Log:
    return *inner / u;
  case Kind::Atan:
    return *inner / (one + u * u);
  case Kind::Erf: {
    Interval factor = interval::widen(Interval::point(2 * std::numbers::inv_sqrtpi));
    return Fraction(Polynomial::constant(factor)) * function(Kind::Bell, u) * *inner;
  }
  case Kind::Bell:
    return -(two * u * self * *inner);
  case Kind::Power:
    return Fraction::constant(info.exponent) * self * *inner / u;
  default:
    return std::nullopt;
  }
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
      sum = sum + Fraction(outer) * *inner;
      if (sum.size() > 600)
        return std::nullopt;
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
  Fraction numerator = *above * fraction.below - *below * fraction.above;
  return numerator / Fraction(fraction.below * fraction.below);
}

std::optional<Fraction> Algebra::substitute(const Polynomial &polynomial, double x) {
  Fraction sum;
  for (const auto &[monomial, coefficient] : polynomial.terms()) {
    Fraction term = Polynomial::constant(coefficient);
    for (auto [atom, power] : monomial) {
      Fraction value = Polynomial::atom(atom);
      if (atoms[atom].kind == Kind::Latent) {
        value = Fraction::constant(x);
      } else if (atoms[atom].usesLatent) {
        // A copy: new atoms may move the table.
        const Fraction inner = atoms[atom].argument;
        std::optional<Fraction> argument = at(inner, x);
        if (!argument)
          return std::nullopt;
        value = function(atoms[atom].kind, *argument, atoms[atom].exponent);
      }
      if (power < 0 && value.isZero())
        return std::nullopt;
      for (int i = 0; i < std::abs(power); ++i)
        term = power > 0 ? term * value : term / value;
    }
    sum = sum + term;
  }
  return sum;
}

std::optional<Fraction> Algebra::at(const Fraction &fraction, double x) {
  std::optional<Fraction> above = substitute(fraction.above, x);
  std::optional<Fraction> below = substitute(fraction.below, x);
  if (!above || !below || below->isZero())
    return std::nullopt;
  return *above / *below;
}
