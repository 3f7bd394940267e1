// Atoms of an algebra, and values of fractions.
#include "passes/prove/Algebra.h"

#include <cmath>
#include <functional>
#include <set>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();

bool Piece::operator==(const Piece &other) const {
  if (low != other.low || high != other.high || sample != other.sample || moves() != other.moves())
    return false;
  return !moves() || (!(*origin < *other.origin) && !(*other.origin < *origin));
}

double Piece::inside() const {
  if (sample)
    return *sample;
  if (std::isinf(low) && std::isinf(high))
    return 0.5;
  if (std::isinf(low))
    return high - 1 - std::abs(high) / 2;
  if (std::isinf(high))
    return low + 1 + std::abs(low) / 2;
  return low + (high - low) / 2;
}

double Piece::beside() const {
  double point = inside();
  double room = std::isinf(high) ? 1 + std::abs(point) : high - point;
  return point + 0.37 * room;
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

void Algebra::forget() {
  memo.clear();
  insideValues.clear();
  resolved.clear();
  rangeMemo.clear();
  obstacle.clear();
}

unsigned Algebra::hostAtomsIn(const Fraction &fraction) const {
  std::set<Atom> found;
  std::function<void(const Fraction &)> collect = [&](const Fraction &part) {
    for (const Polynomial *each : {&part.above, &part.below})
      for (const auto &[monomial, coefficient] : each->terms())
        for (auto [atom, power] : monomial) {
          if (atoms[atom].kind == Kind::Host)
            found.insert(atom);
          else if (atom != coordinate())
            collect(atoms[atom].argument);
        }
  };
  collect(fraction);
  return found.size();
}

double Algebra::scaleAt(const Point &point) const {
  return 1 / valueAt(unit, 0, scratch.evaluate(point));
}

double Algebra::latentAt(const Piece &piece, double x) const {
  auto values = scratch.evaluate(scratch.now(0));
  double from = piece.origin ? valueAt(*piece.origin, 0, values) : 0;
  return (from + x) * valueAt(unit, 0, values);
}

/// In double precision, with the host's numbers as given.
double Algebra::valueAt(const Fraction &fraction, double x,
                        const DenseMap<Value, Numbers> &values) const {
  auto value = [&](Atom atom) -> double {
    const AtomInfo &info = atoms[atom];
    if (info.kind == Kind::Latent)
      return x;
    if (info.kind == Kind::Host)
      return info.host ? values.lookup(info.host)[info.level] : info.range.lo;
    double u = valueAt(info.argument, x, values);
    switch (info.kind) {
    case Kind::Tanh:
      return std::tanh(u);
    case Kind::TanhSlope:
      return 1 - std::tanh(u) * std::tanh(u);
    case Kind::Exp:
      return std::exp(u);
    case Kind::Sigmoid:
      return 1 / (1 + std::exp(-u));
    case Kind::SigmoidSlope:
      return 1 / (2 + std::exp(u) + std::exp(-u));
    case Kind::Root:
      return std::pow(u, 1 / info.exponent);
    case Kind::Log:
      return std::log(u);
    case Kind::Atan:
      return std::atan(u);
    case Kind::Erf:
      return std::erf(u);
    case Kind::Bell:
      return std::exp(-u * u);
    default:
      return std::pow(u, info.exponent);
    }
  };
  auto sum = [&](const Polynomial &polynomial) {
    double total = 0;
    for (const auto &[monomial, coefficient] : polynomial.terms()) {
      double term = (coefficient.lo + coefficient.hi) / 2;
      for (auto [atom, power] : monomial)
        term *= std::pow(value(atom), power);
      total += term;
    }
    return total;
  };
  return sum(fraction.above) / sum(fraction.below);
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
  if (zero && (kind == Kind::Tanh || kind == Kind::Atan || kind == Kind::Erf || kind == Kind::Root))
    return Fraction();
  if (zero && (kind == Kind::Exp || kind == Kind::TanhSlope || kind == Kind::Bell))
    return Fraction::constant(1);
  if (zero && kind == Kind::Sigmoid)
    return Fraction::constant(0.5);
  if (zero && kind == Kind::SigmoidSlope)
    return Fraction::constant(0.25);
  if (zero && kind == Kind::Power && exponent > 0)
    return Fraction();
  if (kind == Kind::Log && exact == 1.0)
    return Fraction();
  if (kind == Kind::Log && argument.below.isConstant() && argument.above.isMonomial() &&
      (argument.below - Polynomial::constant(1.0)).isZero()) {
    const auto [monomial, coefficient] = *argument.above.terms().begin();
    bool isExp = coefficient.isPoint() && coefficient.lo == 1 && monomial.size() == 1 &&
                 atoms[monomial[0].first].kind == Kind::Exp;
    if (isExp)
      return Fraction::constant(monomial[0].second) * atoms[monomial[0].first].argument;
  }
  if (kind == Kind::Power && exact == 1.0)
    return Fraction::constant(1);
  if (kind == Kind::Root && exact && *exact > 0) {
    double root = exponent == 2 ? std::sqrt(*exact) : std::round(std::pow(*exact, 1 / exponent));
    double product = 1; // exact: small integers
    for (int i = 0; i < exponent && root < 1024 && exponent <= 5; ++i)
      product *= root;
    if (exponent == 2 ? std::fma(root, root, -*exact) == 0 : product == *exact)
      return Fraction::constant(root);
  }
  if (kind == Kind::Root && argument.below.isConstant() && argument.above.isMonomial() &&
      (argument.below - Polynomial::constant(1.0)).isZero()) {
    // Out of the root goes whatever is positive to a power that its degree divides.
    const auto [monomial, coefficient] = *argument.above.terms().begin();
    Monomial inside, outside;
    for (auto [atom, power] : monomial) {
      bool isOut =
          atoms[atom].kind == Kind::Host && atoms[atom].isPositive && power % int(exponent) == 0;
      (isOut ? outside : inside).push_back({atom, isOut ? power / int(exponent) : power});
    }
    if (!outside.empty()) {
      Polynomial rest, factor;
      rest.add(inside, coefficient);
      factor.add(outside, Interval::point(1));
      return function(kind, rest, exponent) * Fraction(factor);
    }
  }
  if (kind == Kind::Root && (argument.below - Polynomial::constant(1.0)).isZero() &&
      !usesLatent(argument))
    if (auto root = rootOf(argument.above, int(exponent));
        root && (int(exponent) % 2 || sign(*root, {-infinity, infinity}) == Sign::Positive))
      return *root;
  if (kind == Kind::Root && argument.below.isConstant() && argument.below.value().lo > 1) {
    // Of whole numbers it is seen whether they are powers: (a / c)^(1/n) is (a c^(n-1))^(1/n) / c.
    Interval below = argument.below.value(), scale = Interval::point(1);
    for (int i = 1; i < exponent; ++i)
      scale = interval::mul(scale, below);
    if (below.isPoint() && scale.isPoint() && scale.lo < 0x1p50)
      return function(kind, argument.above.scaled(scale), exponent) /
             Fraction(Polynomial::constant(below));
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

/// Whether e^argument is u^n, n > 0, with u = 0 at x.
bool Algebra::isPowerOfZero(const Fraction &argument, const Fraction &x) {
  if (!argument.below.isConstant() || !argument.above.isMonomial())
    return false;
  const auto [monomial, coefficient] = *argument.above.terms().begin();
  const Piece line{-infinity, infinity};
  Sign rest = signOfInterval(coefficient);
  bool vanishes = false;
  for (auto [atom, power] : monomial) {
    const AtomInfo info = atoms[atom];
    if (info.kind == Kind::Log && power == 1) {
      auto u = at(info.argument, x);
      vanishes |= u && u->isZero();
    } else {
      rest = prove::product(rest, info.usesLatent ? Sign::Unknown : signOf(atom, line));
    }
  }
  return vanishes && rest == Sign::Positive;
}

std::optional<Fraction> Algebra::substitute(const Polynomial &polynomial, const Fraction &x) {
  Fraction sum;
  for (const auto &[monomial, coefficient] : polynomial.terms()) {
    Fraction term = Polynomial::constant(coefficient);
    for (auto [atom, power] : monomial) {
      Fraction value = Polynomial::atom(atom);
      if (atoms[atom].kind == Kind::Latent) {
        value = x;
      } else if (atoms[atom].usesLatent) {
        // A copy: new atoms may move the table.
        const Fraction inner = atoms[atom].argument;
        const AtomInfo info = atoms[atom];
        std::optional<Fraction> argument = at(inner, x);
        if (info.kind == Kind::Exp && isPowerOfZero(inner, x))
          value = Fraction();
        else if (!argument || (info.kind == Kind::Log && argument->isZero()))
          return std::nullopt;
        else
          value = function(info.kind, *argument, info.exponent);
      }
      if (power < 0 && value.isZero())
        return std::nullopt;
      for (int i = 0; i < std::abs(power); ++i) {
        if (!isAffordable(term, value))
          return std::nullopt;
        term = power > 0 ? term * value : term / value;
      }
    }
    if (!isAffordable(sum, term))
      return std::nullopt;
    sum = sum + term;
  }
  return sum;
}

Fraction Algebra::adopt(const Fraction &fraction, const Algebra &other) {
  auto part = [&](const Polynomial &polynomial) {
    Fraction sum;
    for (const auto &[monomial, coefficient] : polynomial.terms()) {
      Fraction term = Polynomial::constant(coefficient);
      for (auto [atom, power] : monomial) {
        AtomInfo info = other.atoms[atom];
        bool isHost = info.kind == Kind::Host;
        Fraction own = isHost ? Fraction(Polynomial::atom(intern(info)))
                              : function(info.kind, adopt(info.argument, other), info.exponent);
        for (int i = 0; i < std::abs(power); ++i)
          term = power > 0 ? term * own : term / own;
      }
      sum = sum + term;
    }
    return sum;
  };
  return part(fraction.above) / part(fraction.below);
}

std::optional<Fraction> Algebra::at(const Fraction &fraction, const Fraction &x) {
  std::optional<Fraction> above = substitute(fraction.above, x);
  std::optional<Fraction> below = substitute(fraction.below, x);
  if (!above || !below || below->isZero())
    return std::nullopt;
  // What is left of a denominator may vanish at some setting, though it does not beside x.
  if (!usesLatent(*below) && !below->isConstant()) {
    Sign side = sign(*below, {-infinity, infinity});
    if (side != Sign::Positive && side != Sign::Negative)
      return std::nullopt;
  }
  return *above / *below;
}
