// What a fraction tends to at an end of the line, by its leading terms.
#include "passes/prove/Algebra.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

/// log |x|, by which powers with an exponent of the host's are written: x^p is e^(p log x).
Atom Algebra::logarithm(End end) {
  AtomInfo info{};
  info.kind = Kind::Log;
  info.argument = Polynomial::atom(coordinate());
  if (end == End::Minus)
    info.argument = -info.argument;
  return intern(info);
}

/// m of m log |x| + rest, with m and the rest free of the latent; none where it is not so.
std::optional<Fraction> Algebra::powerIn(const Fraction &exponent, End end, bool mayHaveRest) {
  Atom log = logarithm(end);
  const Polynomial &sum = exponent.above;
  if (!exponent.contains(log) || sum.degree(log) != 1 || sum.lowestDegree(log) < 0 ||
      usesLatent(exponent.below))
    return std::nullopt;
  Polynomial power = sum.coefficient(log, 1);
  if (usesLatent(power) || (!mayHaveRest && usesLatent(sum.coefficient(log, 0))))
    return std::nullopt;
  return Fraction(power, exponent.below);
}

/// |x|^2 e^(3 log |x|) as |x|^5.
Algebra::Growth Algebra::normalized(Growth growth, End end) {
  auto power = powerIn(growth.exponent, end, /*mayHaveRest=*/true);
  if (!power || !power->isConstant() || !power->value().isPoint())
    return growth;
  growth.order += power->value().lo;
  growth.exponent = growth.exponent - *power * Fraction(Polynomial::atom(logarithm(end)));
  return growth;
}

/// What e^exponent |x|^order tends to, as the limit of its logarithm.
Limit Algebra::limitOfLogarithm(const Growth &growth, End end, const Piece &piece) {
  auto power = powerIn(growth.exponent, end, /*mayHaveRest=*/false);
  if (!power) {
    Limit tends = limit(growth.exponent, end, piece);
    // An exponent that grows as a logarithm does may be outdone by a power of x.
    auto rate = tends.infinity ? this->growth(growth.exponent, end, piece) : std::nullopt;
    if (tends.infinity && (!rate || (!usesLatent(rate->exponent) && rate->order <= 0)))
      return {};
    return tends;
  }
  Fraction total = *power + Fraction::constant(growth.order);
  Sign side = sign(total, piece);
  if (side == Sign::Positive || side == Sign::Negative)
    return {std::nullopt, side == Sign::Positive ? 1 : -1};
  if (side != Sign::Zero)
    return {};
  return {growth.exponent - *power * Fraction(Polynomial::atom(logarithm(end))), 0};
}

std::optional<Algebra::Growth> Algebra::growthOf(Atom atom, End end, const Piece &piece) {
  auto found = growthOfAny(atom, end, piece);
  return found ? std::optional(normalized(*found, end)) : found;
}

/// In an exponent, log v for a v that grows as c |x|^k e^E is E + k log |x| + log c.
std::optional<Fraction> Algebra::withLeadingLogarithms(const Fraction &exponent, End end,
                                                       const Piece &piece) {
  Fraction result = exponent;
  for (Atom atom = 0, count = atoms.size(); atom < count; ++atom) {
    const AtomInfo info = atoms[atom];
    const Polynomial sum = result.above;
    if (info.kind != Kind::Log || !info.usesLatent || atom == logarithm(end) || !sum.contains(atom))
      continue;
    if (sum.degree(atom) != 1 || sum.lowestDegree(atom) < 0 || usesLatent(result.below) ||
        usesLatent(sum.coefficient(atom, 1)))
      return std::nullopt;
    auto inside = growth(info.argument, end, piece);
    if (!inside || sign(inside->coefficient, piece) != Sign::Positive)
      return std::nullopt;
    Fraction log = inside->exponent + function(Kind::Log, inside->coefficient);
    if (inside->order)
      log = log + Fraction::constant(inside->order) * Fraction(Polynomial::atom(logarithm(end)));
    result = (Fraction(sum.coefficient(atom, 1)) * log + Fraction(sum.coefficient(atom, 0))) /
             Fraction(result.below);
  }
  return result;
}

std::optional<Algebra::Growth> Algebra::growthOfAny(Atom atom, End end, const Piece &piece) {
  const AtomInfo info = atoms[atom];
  Fraction self = Polynomial::atom(atom);
  if (!info.usesLatent)
    return Growth{{}, 0, self};
  if (info.kind == Kind::Latent)
    return Growth{{}, 1, Fraction::constant(end == End::Plus ? 1 : -1)};
  if (info.kind == Kind::Exp) {
    auto exponent = withLeadingLogarithms(info.argument, end, piece);
    if (exponent && exponent->contains(logarithm(end)))
      return Growth{*exponent, 0, Fraction::constant(1)};
  }
  Limit inner = limit(info.argument, end, piece);
  if (!inner.known())
    return std::nullopt;
  if (info.kind == Kind::Root || info.kind == Kind::Power) {
    auto u = growth(info.argument, end, piece);
    double n = info.kind == Kind::Root ? 1 / info.exponent : info.exponent;
    if (!u || usesLatent(u->exponent) || sign(u->coefficient, piece) != Sign::Positive)
      return std::nullopt;
    return Growth{
        {}, u->order * n, function(info.kind, u->coefficient, info.exponent), u->logs * n};
  }
  if (!inner.infinity) {
    if (info.kind == Kind::Log && inner.value->isZero())
      return std::nullopt;
    return Growth{{}, 0, function(info.kind, *inner.value, info.exponent)};
  }
  bool up = inner.infinity > 0;
  Fraction u = info.argument, one = Fraction::constant(1), size = up ? u : -u;
  switch (info.kind) {
  case Kind::Tanh:
  case Kind::Erf:
    return Growth{{}, 0, Fraction::constant(up ? 1 : -1)};
  case Kind::Sigmoid:
    return Growth{up ? Fraction() : u, 0, one};
  case Kind::Atan: {
    Interval top{0x1.921fb54442d18p+0, 0x1.921fb54442d19p+0};
    return Growth{{}, 0, Polynomial::constant(up ? top : interval::neg(top))};
  }
  case Kind::Exp:
    return Growth{u, 0, one};
  case Kind::TanhSlope:
    return Growth{Fraction::constant(-2) * size, 0, Fraction::constant(4)};
  case Kind::SigmoidSlope:
    return Growth{-size, 0, one};
  case Kind::Bell:
    return Growth{-(u * u), 0, one};
  case Kind::Log: { // of e^E and what grows slower, or of a power
    auto inside = growth(u, end, piece);
    if (inside && up && !usesLatent(inside->exponent) && inside->order > 0)
      return Growth{{}, 0, Fraction::constant(inside->order), 1};
    if (!inside || !usesLatent(inside->exponent))
      return std::nullopt;
    return growth(inside->exponent, end, piece);
  }
  default:
    return std::nullopt;
  }
}

/// Which of two terms grows faster; both at the same rate when their ratio tends to `ratio`.
std::optional<Sign> Algebra::compareGrowth(const Growth &a, const Growth &b, Fraction &ratio,
                                           End end, const Piece &piece) {
  Growth quotient = normalized(
      {a.exponent - b.exponent, a.order - b.order, Fraction::constant(1), a.logs - b.logs}, end);
  Limit tends = limitOfLogarithm(quotient, end, piece);
  if (!tends.known())
    return std::nullopt;
  if (tends.infinity)
    return tends.infinity > 0 ? Sign::Positive : Sign::Negative;
  bool hasPower = bool(powerIn(quotient.exponent, end, /*mayHaveRest=*/false));
  if (quotient.order && !hasPower)
    return quotient.order > 0 ? Sign::Positive : Sign::Negative;
  if (quotient.logs)
    return quotient.logs > 0 ? Sign::Positive : Sign::Negative;
  ratio = function(Kind::Exp, *tends.value);
  return Sign::Zero;
}
std::optional<Algebra::Growth> Algebra::growth(const Polynomial &polynomial, End end,
                                               const Piece &piece) {
  std::optional<Growth> lead;
  SmallVector<Growth, 2> slower;
  for (const auto &[monomial, coefficient] : polynomial.terms()) {
    Growth term{{}, 0, Polynomial::constant(coefficient)};
    for (auto [atom, power] : monomial) {
      auto part = growthOf(atom, end, piece);
      if (!part || (power < 0 && part->coefficient.isZero()))
        return std::nullopt;
      term.exponent = term.exponent + Fraction::constant(power) * part->exponent;
      term.order += power * part->order;
      term.logs += power * part->logs;
      term = normalized(term, end);
      for (int i = 0; i < std::abs(power); ++i)
        term.coefficient =
            power > 0 ? term.coefficient * part->coefficient : term.coefficient / part->coefficient;
    }
    if (term.coefficient.isZero()) { // less than its rate, how much less is not known
      slower.push_back(term);
      continue;
    }
    if (!lead) {
      lead = term;
      continue;
    }
    Fraction ratio;
    auto faster = compareGrowth(term, *lead, ratio, end, piece);
    if (!faster)
      return std::nullopt;
    if (*faster == Sign::Positive)
      lead = term;
    else if (*faster == Sign::Zero)
      lead->coefficient = lead->coefficient + ratio * term.coefficient;
  }
  if (!lead && slower.size() == 1)
    return slower.front();
  if (!lead)
    return slower.empty() ? std::optional(Growth{{}, 0, Fraction()}) : std::nullopt;
  for (const Growth &term : slower) {
    Fraction ratio;
    auto faster = compareGrowth(term, *lead, ratio, end, piece);
    if (!faster || *faster == Sign::Positive)
      return std::nullopt;
  }
  if (lead->coefficient.isZero() &&
      (lead->order || lead->logs || !lead->exponent.isZero() || polynomial.terms().size() > 1))
    return std::nullopt; // the leading terms cancel
  return lead;
}

std::optional<Algebra::Growth> Algebra::growth(const Fraction &fraction, End end,
                                               const Piece &piece) {
  auto above = growth(fraction.above, end, piece), below = growth(fraction.below, end, piece);
  if (!above || !below || below->coefficient.isZero())
    return std::nullopt;
  return normalized({above->exponent - below->exponent, above->order - below->order,
                     above->coefficient / below->coefficient, above->logs - below->logs},
                    end);
}

/// log(a) - log(b) as log(a / b): apart both may grow.
Fraction Algebra::withJoinedLogarithms(const Fraction &fraction) {
  Polynomial sum = fraction.above;
  for (Atom first = 0, count = atoms.size(); first < count; ++first)
    for (Atom second = 0; second < count; ++second) {
      if (first == second || atoms[first].kind != Kind::Log || atoms[second].kind != Kind::Log ||
          sum.degree(first) != 1 || sum.degree(second) != 1 || sum.lowestDegree(first) < 0 ||
          sum.lowestDegree(second) < 0)
        continue;
      Polynomial plus = sum.coefficient(first, 1), minus = sum.coefficient(second, 1);
      if (!(plus + minus).isZero() || plus.contains(second))
        continue;
      Fraction joined = function(Kind::Log, atoms[first].argument / atoms[second].argument);
      Fraction rest = sum.coefficient(first, 0).coefficient(second, 0);
      return (rest + Fraction(plus) * joined) / Fraction(fraction.below);
    }
  return fraction;
}

Limit Algebra::limit(const Fraction &fraction, End end, const Piece &piece) {
  if (!usesLatent(fraction))
    return {fraction, 0};
  auto lead = growth(withJoinedLogarithms(fraction), end, piece);
  if (!lead)
    return {};
  Limit power = limitOfLogarithm(*lead, end, piece);
  if (!power.known())
    return {};
  if (powerIn(lead->exponent, end, /*mayHaveRest=*/false))
    lead->order = 0; // it is in the power
  if (power.value)
    lead->coefficient = lead->coefficient * function(Kind::Exp, *power.value);
  double order = lead->order ? lead->order : lead->logs;
  bool up = power.infinity > 0 || (!power.infinity && order > 0);
  bool down = power.infinity < 0 || (!power.infinity && order < 0);
  if (down || (lead->coefficient.isZero() && !up))
    return {Fraction(), 0};
  if (lead->coefficient.isZero())
    return {};
  if (!up)
    return {lead->coefficient, 0};
  Sign side = sign(lead->coefficient, piece);
  if (side == Sign::Positive)
    return {std::nullopt, 1};
  return side == Sign::Negative ? Limit{std::nullopt, -1} : Limit{};
}
