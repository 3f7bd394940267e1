// What a fraction tends to at an end of the line, by its leading terms.
#include "passes/prove/Algebra.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

std::optional<Algebra::Growth> Algebra::growthOf(Atom atom, End end, const Piece &piece) {
  const AtomInfo info = atoms[atom];
  Fraction self = Polynomial::atom(atom);
  if (!info.usesLatent)
    return Growth{0, 0, self};
  if (info.kind == Kind::Latent)
    return Growth{0, 1, Fraction::constant(end == End::Plus ? 1 : -1)};
  Limit inner = limit(info.argument, end, piece);
  if (!inner.known())
    return std::nullopt;
  if (info.kind == Kind::Sqrt || info.kind == Kind::Power) {
    auto u = growth(info.argument, end, piece);
    double n = info.kind == Kind::Sqrt ? 0.5 : info.exponent;
    if (!u || u->exponential || sign(u->coefficient, piece) != Sign::Positive)
      return std::nullopt;
    return Growth{0, u->order * n, function(info.kind, u->coefficient, info.exponent)};
  }
  if (!inner.infinity) {
    if (info.kind == Kind::Log && inner.value->isZero())
      return std::nullopt;
    return Growth{0, 0, function(info.kind, *inner.value, info.exponent)};
  }
  bool up = inner.infinity > 0;
  switch (info.kind) {
  case Kind::Tanh:
  case Kind::Erf:
    return Growth{0, 0, Fraction::constant(up ? 1 : -1)};
  case Kind::Sigmoid:
    return up ? Growth{0, 0, Fraction::constant(1)} : Growth{-1, 0, Fraction::constant(1)};
  case Kind::Atan: {
    Interval top{0x1.921fb54442d18p+0, 0x1.921fb54442d19p+0};
    return Growth{0, 0, Polynomial::constant(up ? top : interval::neg(top))};
  }
  case Kind::Exp:
    return Growth{up ? 1 : -1, 0, Fraction::constant(1)};
  case Kind::TanhSlope:
  case Kind::SigmoidSlope:
  case Kind::Bell:
    return Growth{-1, 0, Fraction::constant(1)};
  default:
    return std::nullopt;
  }
}

std::optional<Algebra::Growth> Algebra::growth(const Polynomial &polynomial, End end,
                                               const Piece &piece) {
  std::optional<Growth> lead;
  DenseSet<Atom> exponentials;
  for (const auto &[monomial, coefficient] : polynomial.terms()) {
    Growth term{0, 0, Polynomial::constant(coefficient)};
    for (auto [atom, power] : monomial) {
      auto part = growthOf(atom, end, piece);
      if (!part || (power < 0 && part->coefficient.isZero()))
        return std::nullopt;
      if (part->exponential)
        exponentials.insert(atom);
      term.exponential += power * part->exponential;
      term.order += power * part->order;
      for (int i = 0; i < std::abs(power); ++i)
        term.coefficient =
            power > 0 ? term.coefficient * part->coefficient : term.coefficient / part->coefficient;
    }
    if (term.coefficient.isZero())
      return std::nullopt; // its next term would have to be known
    auto rank = [](const Growth &g) { return std::pair(g.exponential, g.order); };
    if (!lead || rank(*lead) < rank(term))
      lead = term;
    else if (rank(*lead) == rank(term))
      lead->coefficient = lead->coefficient + term.coefficient;
  }
  if (!lead)
    return Growth{0, 0, Fraction()};
  // e^u against e^v: only powers of one of them can be compared.
  bool grows = lead->exponential > 0 || (lead->exponential < 0);
  if (exponentials.size() > 1 && grows)
    return std::nullopt;
  if (lead->coefficient.isZero() &&
      (lead->order || lead->exponential || polynomial.terms().size() > 1))
    return std::nullopt; // the leading terms cancel
  return lead;
}

std::optional<Algebra::Growth> Algebra::growth(const Fraction &fraction, End end,
                                               const Piece &piece) {
  auto above = growth(fraction.above, end, piece), below = growth(fraction.below, end, piece);
  if (!above || !below || below->coefficient.isZero())
    return std::nullopt;
  return Growth{above->exponential - below->exponential, above->order - below->order,
                above->coefficient / below->coefficient};
}

Limit Algebra::limit(const Fraction &fraction, End end, const Piece &piece) {
  if (!usesLatent(fraction))
    return {fraction, 0};
  auto lead = growth(fraction, end, piece);
  if (!lead)
    return {};
  bool up = lead->exponential > 0 || (lead->exponential == 0 && lead->order > 0);
  bool down = lead->exponential < 0 || (lead->exponential == 0 && lead->order < 0);
  if (down || lead->coefficient.isZero())
    return {Fraction(), 0};
  if (!up)
    return {lead->coefficient, 0};
  Sign side = sign(lead->coefficient, piece);
  if (side == Sign::Positive)
    return {std::nullopt, 1};
  return side == Sign::Negative ? Limit{std::nullopt, -1} : Limit{};
}
