// Sums of monomials in a map: what an equation of a projection needs is small.
#include "dialect/calculus/Fraction.h"

#include "dialect/calculus/Dependence.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::calculus;

static Monomial times(const Monomial &a, const Monomial &b, int sign = 1) {
  Monomial product = a;
  for (auto [atom, exponent] : b) {
    int &total = product[atom];
    total += sign * exponent;
    if (total == 0)
      product.erase(atom);
  }
  return product;
}

void Polynomial::add(const Monomial &monomial, double coefficient) {
  double &total = sum[monomial];
  total += coefficient;
  if (total == 0)
    sum.erase(monomial);
}

Polynomial Polynomial::over(const Monomial &divisor) const {
  Polynomial result;
  for (const auto &[monomial, coefficient] : sum)
    result.add(times(monomial, divisor, -1), coefficient);
  return result;
}

Monomial Polynomial::content() const {
  if (sum.empty())
    return {};
  Monomial common = sum.begin()->first;
  for (const auto &term : sum)
    for (auto it = common.begin(); it != common.end();) {
      auto found = term.first.find(it->first);
      it->second = found == term.first.end() ? 0 : std::min(it->second, found->second);
      it = it->second <= 0 ? common.erase(it) : std::next(it);
    }
  return common;
}

bool Polynomial::contains(Atom atom) const {
  return llvm::any_of(sum, [&](const auto &term) { return term.first.count(atom) != 0; });
}

std::map<int, Polynomial> Polynomial::powersOf(Atom atom) const {
  std::map<int, Polynomial> powers;
  for (const auto &[monomial, coefficient] : sum) {
    Monomial rest = monomial;
    auto found = rest.find(atom);
    int exponent = found == rest.end() ? 0 : found->second;
    rest.erase(atom);
    powers[exponent].add(rest, coefficient);
  }
  return powers;
}

Polynomial calculus::operator+(const Polynomial &a, const Polynomial &b) {
  Polynomial result = a;
  for (const auto &[monomial, coefficient] : b.terms())
    result.add(monomial, coefficient);
  return result;
}

Polynomial calculus::operator-(const Polynomial &a, const Polynomial &b) {
  return a + Polynomial(-1) * b;
}

Polynomial calculus::operator*(const Polynomial &a, const Polynomial &b) {
  Polynomial result;
  for (const auto &left : a.terms())
    for (const auto &right : b.terms())
      result.add(times(left.first, right.first), left.second * right.second);
  return result;
}

Value calculus::emitMonomial(Emit &emit, const Atoms &atoms, Type type, const Monomial &monomial,
                             double coefficient) {
  Value product = coefficient == 1 ? Value() : emit.constant(type, coefficient);
  for (auto [atom, exponent] : monomial) {
    Value power = atoms[atom];
    for (int i = 1; i < exponent; ++i)
      power = emit.mul(power, atoms[atom]);
    product = product ? emit.mul(product, power) : power;
  }
  return product ? product : emit.constant(type, 1);
}

/// The root of a square with a positive coefficient, if the term is one.
static std::optional<std::pair<Monomial, double>> rootOf(const Monomial &monomial, double square) {
  double root = std::sqrt(square);
  if (root * root != square)
    return std::nullopt;
  Monomial half = monomial;
  for (auto &[atom, exponent] : half) {
    if (exponent % 2)
      return std::nullopt;
    exponent /= 2;
  }
  return std::make_pair(half, root);
}

Value Polynomial::emit(Emit &emit, const Atoms &atoms, Type type) const {
  if (sum.empty())
    return emit.constant(type, 0);
  if (Monomial common = content(); !isMonomial() && !common.empty())
    return emit.mul(emitMonomial(emit, atoms, type, common, 1),
                    over(common).emit(emit, atoms, type));
  SmallVector<std::pair<Monomial, double>> positive, negative;
  for (const auto &[monomial, coefficient] : sum)
    (coefficient > 0 ? positive : negative).push_back({monomial, std::abs(coefficient)});
  if (positive.size() == 1 && negative.size() == 1) {
    auto a = rootOf(positive[0].first, positive[0].second);
    auto b = rootOf(negative[0].first, negative[0].second);
    if (a && b) {
      Value left = emitMonomial(emit, atoms, type, a->first, a->second);
      Value right = emitMonomial(emit, atoms, type, b->first, b->second);
      return emit.mul(emit.sub(left, right), emit.add(right, left));
    }
  }
  Value total;
  for (auto &[monomial, coefficient] : positive) {
    Value term = emitMonomial(emit, atoms, type, monomial, coefficient);
    total = total ? emit.add(total, term) : term;
  }
  for (auto &[monomial, coefficient] : negative) {
    Value term = emitMonomial(emit, atoms, type, monomial, coefficient);
    total = total ? emit.sub(total, term) : emit.neg(term);
  }
  return total;
}

bool Polynomial::keepsItsSign() const {
  auto isExact = [](const auto &term) {
    auto &[monomial, coefficient] = term;
    int exponent = 0;
    bool isPowerOfTwo = std::frexp(std::abs(coefficient), &exponent) == 0.5;
    return monomial.empty() ||
           (isPowerOfTwo && monomial.size() == 1 && monomial.begin()->second == 1);
  };
  auto isSquare = [](const auto &term) {
    auto root = rootOf(term.first, std::abs(term.second));
    return root && (root->first.empty() || (root->second == 1 && root->first.size() == 1 &&
                                            root->first.begin()->second == 1));
  };
  if (sum.size() <= 1)
    return true;
  return sum.size() == 2 && (llvm::all_of(sum, isExact) || llvm::all_of(sum, isSquare));
}

Fraction::Fraction(Polynomial over, Polynomial under)
    : above(std::move(over)), below(std::move(under)) {
  Monomial common = above.content();
  for (Monomial other = below.content(); auto &[atom, exponent] : common)
    exponent = std::min(exponent, other.count(atom) ? other.at(atom) : 0);
  above = above.over(common);
  below = below.over(common);
  // One number divides out, and so does a sign.
  if (below.terms().empty())
    return;
  double lead = below.terms().begin()->second;
  double divisor = below.isMonomial() ? lead : lead < 0 ? -1 : 1;
  if (divisor == 1)
    return;
  auto divided = [&](const Polynomial &whole) {
    Polynomial result;
    for (const auto &[monomial, coefficient] : whole.terms())
      result.add(monomial, coefficient / divisor);
    return result;
  };
  above = divided(above);
  below = divided(below);
}

Value Fraction::emit(Emit &emit, const Atoms &atoms, Type type) const {
  Value over = above.emit(emit, atoms, type);
  return below == Polynomial(1) ? over : emit.div(over, below.emit(emit, atoms, type));
}

Value Fraction::emitPositive(Emit &emit, const Atoms &atoms, Type type) const {
  auto isPositive = [&](const Monomial &monomial) {
    return llvm::all_of(monomial,
                        [&](const auto &power) { return isNonNegative(atoms[power.first]); });
  };
  Monomial over = above.content(), under = below.content();
  Polynomial restOver = above.over(over), restUnder = below.over(under);
  if ((restOver.keepsItsSign() && restUnder.keepsItsSign()) || !isPositive(over) ||
      !isPositive(under))
    return this->emit(emit, atoms, type);
  // The quotient of the sizes is the size of the quotient.
  auto emitSize = [&](const Monomial &common, const Polynomial &rest) {
    if (rest.isConstant())
      return emitMonomial(emit, atoms, type, common, std::abs(rest.terms().begin()->second));
    Value size = emit.make<math::AbsFOp>(rest.emit(emit, atoms, type));
    return common.empty() ? size : emit.mul(emitMonomial(emit, atoms, type, common, 1), size);
  };
  Value size = emitSize(over, restOver);
  return below == Polynomial(1) ? size : emit.div(size, emitSize(under, restUnder));
}

Fraction calculus::operator+(const Fraction &a, const Fraction &b) {
  if (a.below == b.below)
    return {a.above + b.above, a.below};
  return {a.above * b.below + b.above * a.below, a.below * b.below};
}

Fraction calculus::operator-(const Fraction &a, const Fraction &b) {
  return a + Fraction(-1.0) * b;
}

Fraction calculus::operator*(const Fraction &a, const Fraction &b) {
  return {a.above * b.above, a.below * b.below};
}

Fraction calculus::operator/(const Fraction &a, const Fraction &b) {
  return {a.above * b.below, a.below * b.above};
}

Fraction calculus::power(const Fraction &base, int exponent) {
  Fraction result(1.0);
  for (int i = 0; i < std::abs(exponent); ++i)
    result = result * base;
  return exponent < 0 ? Fraction(1.0) / result : result;
}
