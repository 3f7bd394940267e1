// The sign of a polynomial far out: every term as x^k e^E times what is bounded, and the largest
// of them against the rest.
#include "passes/prove/Algebra.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();
/// Longer sums are not looked at.
static constexpr size_t maxTerms = 40;

/// factor |x|^order e^exponent
struct Algebra::TailTerm {
  Interval factor = Interval::point(1);
  double order = 0;
  Fraction exponent;
};

static Interval powerOf(Interval base, int n) { return interval::pow(base, Interval::point(n)); }

std::optional<Algebra::TailTerm> Algebra::tailTerm(const Monomial &monomial, Interval coefficient,
                                                   Interval tail) {
  bool right = tail.hi == infinity;
  Piece piece{tail.lo, tail.hi};
  TailTerm term;
  term.factor = coefficient;
  for (auto [atom, n] : monomial) {
    const AtomInfo info = atoms[atom];
    Fraction power = Fraction::constant(n), u = info.argument;
    auto multiply = [&](Interval factor) {
      term.factor = interval::mul(term.factor, powerOf(factor, n));
    };
    // Decaying atoms: e^-m|u| times what tends to a number.
    auto decay = [&](double rate, double low, double high) {
      Interval size = interval::abs(range(u, tail));
      Sign side = sign(u, piece);
      if (size.lo <= 0 || (side != Sign::Positive && side != Sign::Negative))
        return false;
      double e = std::exp(-rate * size.lo) * (1 + 0x1p-40);
      Interval below = interval::mul(Interval::point(1 + e), Interval::point(1 + e));
      multiply({interval::div(Interval::point(low), below).lo, high});
      Fraction drop = Fraction::constant(rate) * power * u;
      term.exponent = side == Sign::Positive ? term.exponent - drop : term.exponent + drop;
      return true;
    };
    switch (info.kind) {
    case Kind::Latent:
      term.order += n;
      if (!right && n % 2)
        term.factor = interval::neg(term.factor);
      break;
    case Kind::TanhSlope:
      if (!decay(2, 4, 4))
        return std::nullopt;
      break;
    case Kind::SigmoidSlope:
      if (!decay(1, 1, 1))
        return std::nullopt;
      break;
    case Kind::Bell:
      term.exponent = term.exponent - power * u * u;
      break;
    case Kind::Exp:
      term.exponent = term.exponent + power * u;
      break;
    case Kind::Root: {
      int degree = u.above.degree(0);
      if (!u.below.isConstant() || usesLatentBeside(u.above) || u.above.lowestDegree(0) < 0)
        return std::nullopt;
      Interval size = interval::div(range(u.above.shifted({{0, -degree}}), tail), u.below.value());
      if (!right && degree % 2)
        size = interval::neg(size);
      if (!(size.lo > 0) || !std::isfinite(size.hi))
        return std::nullopt;
      term.order += n * degree / info.exponent;
      multiply(interval::pow(size, interval::widen(Interval::point(1 / info.exponent), 1)));
      break;
    }
    default: {
      Interval size = rangeOf(atom, tail);
      if (!std::isfinite(size.lo) || !std::isfinite(size.hi) || (n < 0 && size.contains(0)))
        return std::nullopt;
      multiply(size);
    }
    }
  }
  if (!std::isfinite(term.factor.lo) || !std::isfinite(term.factor.hi))
    return std::nullopt;
  return term;
}

Sign Algebra::signOfTail(const Polynomial &polynomial, Interval tail) {
  if (polynomial.terms().size() > maxTerms)
    return Sign::Unknown;
  bool right = tail.hi == infinity;
  double start = right ? tail.lo : tail.hi;
  if (right ? start < 1 : start > -1)
    return Sign::Unknown;
  Piece piece{tail.lo, tail.hi};
  std::vector<TailTerm> terms;
  for (const auto &[monomial, coefficient] : polynomial.terms()) {
    auto term = tailTerm(monomial, coefficient, tail);
    if (!term)
      return Sign::Unknown;
    // Terms of one size are one term.
    bool merged = false;
    for (TailTerm &other : terms)
      if (other.order == term->order && (other.exponent - term->exponent).isZero()) {
        other.factor = interval::add(other.factor, term->factor);
        merged = true;
        break;
      }
    if (!merged)
      terms.push_back(*term);
  }
  // The largest one at some distance.
  auto values = scratch.evaluate(scratch.inside(0));
  auto size = [&](const TailTerm &term, double x) {
    return term.order * std::log(std::abs(x)) + valueAt(term.exponent, x, values);
  };
  const TailTerm *lead = &terms.front();
  for (const TailTerm &term : terms)
    if (size(term, 64 * start) > size(*lead, 64 * start))
      lead = &term;
  Interval sum = lead->factor, distance = interval::abs(Interval::point(start));
  for (const TailTerm &term : terms) {
    if (&term == lead)
      continue;
    // |x|^order e^exponent against the lead's: falls all the way, so that its start bounds it.
    double order = term.order - lead->order;
    Fraction exponent = term.exponent - lead->exponent;
    auto slope = derivative(exponent);
    if (!slope)
      return Sign::Unknown;
    Fraction rate = *slope + Fraction(Polynomial::atom(0, -1).scaled(Interval::point(order)));
    Sign grows = rate.isZero() ? Sign::Zero : sign(rate.above, piece, 3);
    if (rate.below.isConstant() ? false : sign(rate.below, piece, 3) != Sign::Positive)
      return Sign::Unknown;
    if (right ? !isNonPositive(grows) : !isNonNegative(grows))
      return Sign::Unknown;
    Interval first = interval::mul(
        interval::pow(distance, Interval::point(order)),
        interval::monotone(std::exp, range(exponent, Interval::point(start)), {0, infinity}));
    sum = interval::add(sum, interval::mul(term.factor, {0, first.hi}));
  }
  return signOfInterval(sum);
}
