// Arithmetic of polynomials and fractions.
#include "passes/prove/Polynomial.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace bregman;
using namespace bregman::prove;

Monomial prove::product(const Monomial &a, const Monomial &b) {
  Monomial all;
  auto left = a.begin(), right = b.begin();
  while (left != a.end() || right != b.end()) {
    if (right == b.end() || (left != a.end() && left->first < right->first)) {
      all.push_back(*left++);
    } else if (left == a.end() || right->first < left->first) {
      all.push_back(*right++);
    } else {
      if (int power = left->second + right->second)
        all.push_back({left->first, power});
      ++left, ++right;
    }
  }
  return all;
}

Monomial prove::reciprocal(const Monomial &a) {
  Monomial all = a;
  for (auto &[atom, power] : all)
    power = -power;
  return all;
}

Polynomial Polynomial::constant(Interval value) {
  Polynomial result;
  result.add({}, value);
  return result;
}

Polynomial Polynomial::atom(Atom atom, int power) {
  Polynomial result;
  if (power)
    result.add({{atom, power}}, Interval::point(1));
  else
    result.add({}, Interval::point(1));
  return result;
}

static int powerOf(const Monomial &monomial, Atom atom) {
  for (auto [other, power] : monomial)
    if (other == atom)
      return power;
  return 0;
}

bool prove::isHigher(const Monomial &a, const Monomial &b) {
  Monomial ratio = product(a, reciprocal(b));
  return !ratio.empty() && ratio.back().second > 0;
}

const Polynomial::Terms::value_type &Polynomial::lead() const {
  auto best = sum.begin();
  for (auto each = best; each != sum.end(); ++each)
    if (isHigher(each->first, best->first))
      best = each;
  return *best;
}

Monomial Polynomial::content() const {
  Monomial content;
  for (const auto &[monomial, coefficient] : sum)
    for (auto [atom, power] : monomial)
      if (!llvm::any_of(content, [&](auto factor) { return factor.first == atom; }))
        if (int lowest = lowestDegree(atom))
          content.push_back({atom, lowest});
  llvm::sort(content);
  return content;
}

bool Polynomial::contains(Atom atom) const {
  return llvm::any_of(sum, [&](const auto &term) { return powerOf(term.first, atom) != 0; });
}

int Polynomial::degree(Atom atom) const {
  int best = std::numeric_limits<int>::min();
  for (const auto &[monomial, coefficient] : sum)
    best = std::max(best, powerOf(monomial, atom));
  return sum.empty() ? 0 : best;
}

int Polynomial::lowestDegree(Atom atom) const {
  int best = std::numeric_limits<int>::max();
  for (const auto &[monomial, coefficient] : sum)
    best = std::min(best, powerOf(monomial, atom));
  return sum.empty() ? 0 : best;
}

Polynomial Polynomial::coefficient(Atom atom, int power) const {
  Polynomial result;
  for (const auto &[monomial, coefficient] : sum)
    if (powerOf(monomial, atom) == power)
      result.add(power ? product(monomial, {{atom, -power}}) : monomial, coefficient);
  return result;
}

Polynomial Polynomial::without(Atom atom, int power) const {
  Polynomial result;
  for (const auto &[monomial, coefficient] : sum)
    if (powerOf(monomial, atom) != power)
      result.add(monomial, coefficient);
  return result;
}

void Polynomial::add(const Monomial &monomial, Interval coefficient) {
  auto [found, isNew] = sum.try_emplace(monomial, coefficient);
  if (!isNew)
    found->second = interval::add(found->second, coefficient);
  if (found->second.lo == 0 && found->second.hi == 0)
    sum.erase(found);
}

Polynomial Polynomial::operator+(const Polynomial &other) const {
  Polynomial result = *this;
  for (const auto &[monomial, coefficient] : other.sum)
    result.add(monomial, coefficient);
  return result;
}

Polynomial Polynomial::operator-(const Polynomial &other) const {
  return *this + other.scaled(Interval::point(-1));
}

Polynomial Polynomial::operator*(const Polynomial &other) const {
  Polynomial result;
  for (const auto &[a, ca] : sum)
    for (const auto &[b, cb] : other.sum)
      result.add(product(a, b), interval::mul(ca, cb));
  return result;
}

Polynomial Polynomial::scaled(Interval factor) const {
  Polynomial result;
  for (const auto &[monomial, coefficient] : sum)
    result.add(monomial, interval::mul(coefficient, factor));
  return result;
}

Polynomial Polynomial::shifted(const Monomial &given) const {
  Monomial by = given;
  llvm::erase_if(by, [](const auto &factor) { return factor.second == 0; });
  Polynomial result;
  for (const auto &[monomial, coefficient] : sum)
    result.add(product(monomial, by), coefficient);
  return result;
}

bool Polynomial::operator==(const Polynomial &other) const {
  return !(*this < other) && !(other < *this);
}

bool Polynomial::operator<(const Polynomial &other) const {
  auto less = [](const auto &a, const auto &b) {
    if (a.first != b.first)
      return MonomialLess()(a.first, b.first);
    return std::pair(a.second.lo, a.second.hi) < std::pair(b.second.lo, b.second.hi);
  };
  return std::lexicographical_compare(sum.begin(), sum.end(), other.sum.begin(), other.sum.end(),
                                      less);
}

/// a / b, if it is a polynomial, for polynomials without negative powers and with exact
/// coefficients.
static std::optional<Polynomial> quotient(const Polynomial &a, const Polynomial &b) {
  const auto &[lead, coefficient] = b.lead();
  Polynomial result, rest = a;
  while (!rest.isZero()) {
    const auto &[next, of] = rest.lead();
    Monomial ratio = product(next, reciprocal(lead));
    Interval factor = interval::div(of, coefficient);
    bool isWhole = llvm::all_of(ratio, [](const auto &power) { return power.second > 0; });
    if (!isWhole || !factor.isPoint() || result.terms().size() > 40)
      return std::nullopt;
    rest = rest - b.shifted(ratio).scaled(factor);
    result.add(ratio, factor);
  }
  return result;
}

/// Both without what divides them: one by the other, and a monomial.
static bool divideOut(Polynomial &above, Polynomial &below) {
  constexpr size_t most = 60;
  auto isPoint = [](const auto &term) { return term.second.isPoint(); };
  if (above.isZero() || above.terms().size() > most || below.terms().size() > most ||
      !llvm::all_of(above.terms(), isPoint) || !llvm::all_of(below.terms(), isPoint))
    return false;
  Monomial ofAbove = above.content(), ofBelow = below.content();
  Polynomial a = above.shifted(reciprocal(ofAbove)), b = below.shifted(reciprocal(ofBelow));
  Monomial ratio = product(ofAbove, reciprocal(ofBelow));
  if (a.terms().size() >= b.terms().size())
    if (auto whole = quotient(a, b)) {
      above = whole->shifted(ratio);
      below = Polynomial::constant(1);
      return true;
    }
  if (a.isMonomial() || a.terms().size() > b.terms().size())
    return false;
  auto whole = quotient(b, a);
  if (!whole)
    return false;
  above = Polynomial::constant(1).shifted(ratio);
  below = *whole;
  return true;
}

Fraction::Fraction(Polynomial over, Polynomial under)
    : above(std::move(over)), below(std::move(under)) {
  if (!below.isMonomial()) {
    bool isDivided = divideOut(above, below);
    if (isDivided && below.isMonomial()) {
      *this = Fraction(above, below);
    } else if (!below.isZero() && below.terms().begin()->second.hi < 0) {
      above = above.scaled(Interval::point(-1));
      below = below.scaled(Interval::point(-1));
    }
    return;
  }
  // A denominator of one term goes into the numerator, as negative powers.
  const auto [monomial, coefficient] = *below.terms().begin();
  Polynomial shifted = above.shifted(reciprocal(monomial)), quotient;
  bool isExact = true;
  for (const auto &[term, factor] : shifted.terms()) {
    Interval ratio = interval::div(factor, coefficient);
    isExact &= ratio.isPoint() || !factor.isPoint() || !coefficient.isPoint();
    quotient.add(term, ratio);
  }
  // A quotient that is no double stays one, so that what it cancels with cancels.
  above = isExact ? quotient : shifted;
  below = isExact ? Polynomial::constant(1) : Polynomial::constant(coefficient);
}

Fraction Fraction::operator+(const Fraction &other) const {
  if (below == other.below)
    return {above + other.above, below};
  return {above * other.below + other.above * below, below * other.below};
}
Fraction Fraction::operator-(const Fraction &other) const { return *this + (-other); }
Fraction Fraction::operator-() const { return {above.scaled(Interval::point(-1)), below}; }
Fraction Fraction::operator*(const Fraction &other) const {
  if (above == other.below)
    return {other.above, below};
  if (below == other.above)
    return {above, other.below};
  return {above * other.above, below * other.below};
}
Fraction Fraction::operator/(const Fraction &other) const {
  return *this * Fraction(other.below, other.above);
}
bool Fraction::operator<(const Fraction &other) const {
  if (above == other.above)
    return below < other.below;
  return above < other.above;
}

Fraction prove::arithmetic(mlir::Operation *op, const Fraction &a, const Fraction &b) {
  if (mlir::isa<mlir::arith::AddFOp>(op))
    return a + b;
  if (mlir::isa<mlir::arith::SubFOp>(op))
    return a - b;
  return mlir::isa<mlir::arith::MulFOp>(op) ? a * b : a / b;
}

Fraction prove::asWritten(double number, bool isSingle) {
  constexpr double largest = 1e6;
  // With few binary digits it is what it is.
  if (!std::isfinite(number) || std::ldexp(number, 20) == std::floor(std::ldexp(number, 20)))
    return Fraction::constant(number);
  auto isIt = [&](double above, double below) {
    double quotient = above / below;
    return std::abs(above) <= largest && above != 0 &&
           (isSingle ? float(quotient) == float(number) : quotient == number);
  };
  auto over = [&](double below) {
    double above = std::round(number * below);
    return isIt(above, below)
               ? std::optional(Fraction(Polynomial::constant(above), Polynomial::constant(below)))
               : std::nullopt;
  };
  for (double below = 3; below < 256; ++below)
    if (auto found = over(below))
      return *found;
  for (double below = 1000; below <= 1e12; below *= 10)
    if (auto found = over(below))
      return *found;
  return Fraction::constant(number);
}
