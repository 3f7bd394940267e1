// Every step here follows from the one before, squaring too, so that the one solution of the last
// equation is the operand that gives the result, if any does: no direction has to be known.
#include "dialect/calculus/Solve.h"

#include "dialect/calculus/Fraction.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::calculus;

/// c where a = c b.
static std::optional<double> ratioOf(const Polynomial &a, const Polynomial &b) {
  if (a.terms().size() != b.terms().size() || a.terms().empty())
    return std::nullopt;
  double ratio = a.terms().begin()->second / b.terms().begin()->second;
  if (!(a == Polynomial(ratio) * b))
    return std::nullopt;
  return ratio;
}

namespace {

/// Values as fractions over the unknown and what does not depend on it.
class Equation {
public:
  Equation(const Dependence &dependence, Value unknown)
      : dependence(dependence), unknown(unknown), type(unknown.getType()) {}

  /// Emits the unknown's value.
  FailureOr<Value> solve(OpBuilder &builder, Value result, bool mayHaveRoot);

private:
  std::optional<Fraction> convert(Value value);
  std::optional<Fraction> compute(Value value);
  std::optional<Fraction> computePower(Value value);
  std::optional<Fraction> computeExp(Value value);
  std::optional<Fraction> computeRoot(Value value, Value square);
  Polynomial withoutRadical(const Polynomial &equation);
  Value emitRoot(Emit &emit, const Fraction &square);

  const Dependence &dependence;
  Value unknown;
  Type type;
  Atoms atoms;
  DenseMap<Value, std::optional<Fraction>> known;
  /// The square root, as an atom, with what it is the root of.
  Value radicand;
  Atom radical = 0;
  Fraction square;
};

std::optional<Fraction> Equation::convert(Value value) {
  value = dependence.unique(value);
  if (auto found = known.find(value); found != known.end())
    return found->second;
  std::optional<Fraction> result = compute(value);
  // What has grown so long has no short solution.
  constexpr size_t longest = 32;
  if (result && (result->above.terms().size() > longest || result->below.terms().size() > longest ||
                 result->below.terms().empty()))
    result.reset();
  return known[value] = result;
}

std::optional<Fraction> Equation::compute(Value value) {
  Operation *op = value.getDefiningOp();
  if (value == unknown)
    return Fraction(Polynomial({{atoms.of(value), 1}}, 1));
  if (!dependence.has(value)) {
    if (value.getType() != type)
      return std::nullopt;
    if (std::optional<double> number = constantOf(value)) {
      double rounded = type.isF32() ? static_cast<float>(*number) : *number;
      return std::isfinite(rounded) ? std::optional(Fraction(rounded)) : std::nullopt;
    }
    return Fraction(Polynomial({{atoms.of(value), 1}}, 1));
  }
  if (value == dependence.variable)
    return std::nullopt;
  if (isa<math::ExpOp>(op))
    return computeExp(value);
  if (isa<math::SqrtOp>(op))
    return computeRoot(value, op->getOperand(0));
  if (isa<math::PowFOp>(op))
    return computePower(value);
  if (isa<math::AbsFOp>(op) && isNonNegative(op->getOperand(0)))
    return convert(op->getOperand(0));
  if (!isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp, arith::NegFOp, math::FmaOp>(
          op))
    return std::nullopt;
  SmallVector<Fraction, 3> of;
  for (Value operand : op->getOperands()) {
    std::optional<Fraction> part = convert(operand);
    if (!part)
      return std::nullopt;
    of.push_back(std::move(*part));
  }
  if (isa<arith::AddFOp>(op))
    return of[0] + of[1];
  if (isa<arith::SubFOp>(op))
    return of[0] - of[1];
  if (isa<arith::MulFOp>(op))
    return of[0] * of[1];
  if (isa<arith::DivFOp>(op))
    return of[0] / of[1];
  if (isa<arith::NegFOp>(op))
    return Fraction(-1.0) * of[0];
  return of[0] * of[1] + of[2];
}

std::optional<Fraction> Equation::computePower(Value value) {
  Operation *op = value.getDefiningOp();
  std::optional<double> exponent = constantOf(op->getOperand(1));
  constexpr double most = 4;
  if (!exponent || !(std::abs(*exponent) <= most))
    return std::nullopt;
  if (std::abs(*exponent) == 0.5) {
    std::optional<Fraction> root = computeRoot(value, op->getOperand(0));
    return root && *exponent < 0 ? Fraction(1.0) / *root : root;
  }
  std::optional<Fraction> base = convert(op->getOperand(0));
  if (!base || *exponent != std::floor(*exponent))
    return std::nullopt;
  return power(*base, static_cast<int>(*exponent));
}

/// A whole power of the unknown exponential.
std::optional<Fraction> Equation::computeExp(Value value) {
  auto base = unknown.getDefiningOp<math::ExpOp>();
  if (!base || unknown == dependence.variable)
    return std::nullopt;
  Equation inVariable(dependence, dependence.variable);
  auto argument = inVariable.convert(value.getDefiningOp()->getOperand(0));
  auto unit = inVariable.convert(base.getOperand());
  if (!argument || !unit || inVariable.radicand)
    return std::nullopt;
  Fraction quotient = *argument / *unit;
  std::optional<double> times = ratioOf(quotient.above, quotient.below);
  constexpr double most = 4;
  if (!times || *times != std::floor(*times) || std::abs(*times) > most)
    return std::nullopt;
  return power(Fraction(Polynomial({{atoms.of(unknown), 1}}, 1)), static_cast<int>(*times));
}

std::optional<Fraction> Equation::computeRoot(Value value, Value under) {
  under = dependence.unique(under);
  if (!radicand) {
    std::optional<Fraction> converted = convert(under);
    if (!converted || radicand)
      return std::nullopt;
    radicand = under;
    radical = atoms.of(value);
    square = *converted;
  }
  if (radicand != under)
    return std::nullopt;
  return Fraction(Polynomial({{radical, 1}}, 1));
}

/// p + q r = 0 gives p^2 = q^2 r^2.
Polynomial Equation::withoutRadical(const Polynomial &equation) {
  if (!radicand)
    return equation;
  Fraction even, odd;
  for (auto &[exponent, coefficient] : equation.powersOf(radical)) {
    Fraction term = Fraction(coefficient) * power(square, exponent / 2);
    (exponent % 2 ? odd : even) = (exponent % 2 ? odd : even) + term;
  }
  if (odd.above.terms().empty())
    return even.above;
  return (power(even, 2) - power(odd, 2) * square).above;
}

/// What is a square leaves the root, so that it neither overflows nor vanishes there.
Value Equation::emitRoot(Emit &emit, const Fraction &square) {
  auto split = [&](const Polynomial &whole) {
    Monomial outside = whole.content();
    for (auto &[atom, exponent] : outside)
      exponent = isNonNegative(atoms[atom]) ? exponent / 2 : 0;
    Polynomial inside = whole.over(outside).over(outside);
    double number = 1;
    if (inside.isConstant() && !inside.terms().empty()) {
      double coefficient = inside.terms().begin()->second, root = std::sqrt(coefficient);
      if (root * root == coefficient) {
        number = root;
        inside = 1;
      }
    }
    std::erase_if(outside, [](const auto &power) { return power.second == 0; });
    return std::make_tuple(outside, number, inside);
  };
  auto [over, numberOver, insideOver] = split(square.above);
  auto [under, numberUnder, insideUnder] = split(square.below);
  Value above = emitMonomial(emit, atoms, type, over, numberOver);
  Value below = emitMonomial(emit, atoms, type, under, numberUnder);
  bool isWhole = under.empty() && numberUnder == 1;
  if (!(insideOver == Polynomial(1))) {
    Value root =
        emit.make<math::SqrtOp>(Fraction(insideOver, insideUnder).emitPositive(emit, atoms, type));
    above = over.empty() && numberOver == 1 ? root : emit.mul(above, root);
  } else if (!(insideUnder == Polynomial(1))) {
    Value root = emit.make<math::SqrtOp>(Fraction(insideUnder).emitPositive(emit, atoms, type));
    below = isWhole ? root : emit.mul(below, root);
    isWhole = false;
  }
  return isWhole ? above : emit.div(above, below);
}

FailureOr<Value> Equation::solve(OpBuilder &builder, Value result, bool mayHaveRoot) {
  std::optional<Fraction> converted = convert(dependence.root);
  if (!converted || converted->below.terms().empty() || (radicand && !mayHaveRoot))
    return failure();
  Polynomial wanted({{atoms.of(result), 1}}, 1);
  Polynomial equation = withoutRadical(converted->above - wanted * converted->below);
  std::map<int, Polynomial> powers = equation.powersOf(atoms.of(unknown));
  if (powers.size() != 2)
    return failure();
  auto &[low, rest] = *powers.begin();
  auto &[high, lead] = *powers.rbegin();
  Fraction value(Polynomial(-1) * rest, lead);
  // 1 - 2 y + y^2 has lost its digits near 1.
  for (const Polynomial &part : {value.above, value.below})
    if (part.powersOf(atoms.of(result)).size() > 2)
      return failure();
  Emit emit(builder, dependence.root.getLoc());
  bool isSize = isNonNegative(unknown);
  if (high - low == 1)
    return isSize ? value.emitPositive(emit, atoms, type) : value.emit(emit, atoms, type);
  if (high - low == 2 && isSize)
    return emitRoot(emit, value);
  return failure();
}

} // namespace

FailureOr<Solution> calculus::solve(OpBuilder &builder, const Dependence &dependence, Value result,
                                    bool mayHaveRoot) {
  Type type = dependence.root.getType();
  if (!isa<FloatType>(type) || dependence.variable.getType() != type)
    return failure();
  SmallVector<Value> unknowns{dependence.variable};
  for (Value value : dependence.values())
    if (value != dependence.unique(dependence.root) && value.getDefiningOp<math::ExpOp>())
      unknowns.push_back(value);
  for (Value unknown : unknowns)
    if (FailureOr<Value> value = Equation(dependence, unknown).solve(builder, result, mayHaveRoot);
        succeeded(value))
      return Solution{unknown, *value};
  return failure();
}
