// Bounds of atoms, polynomials and fractions with the coordinate in an interval.
#include "passes/prove/Algebra.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();

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
