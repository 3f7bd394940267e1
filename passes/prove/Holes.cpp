// Where a projection or `final` has no value: the root or the logarithm of what is negative there,
// a quotient by 0.
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

/// Whether an op surely has no value where its operands lie.
static bool hasNoValue(Operation *op, llvm::function_ref<Interval(unsigned)> operand) {
  if (isa<math::SqrtOp>(op))
    return operand(0).hi < 0;
  if (isa<math::LogOp, math::Log2Op>(op))
    return operand(0).hi <= 0;
  if (isa<math::AtanhOp>(op))
    return operand(0).lo >= 1 || operand(0).hi <= -1;
  if (isa<arith::DivFOp>(op))
    return operand(1).isPoint() && operand(1).lo == 0;
  if (isa<math::PowFOp>(op)) {
    Interval exponent = operand(1);
    return operand(0).hi < 0 && exponent.isPoint() && exponent.lo != std::floor(exponent.lo);
  }
  return false;
}

bool prove::areFinite(ArrayRef<double> numbers) {
  return llvm::all_of(numbers, [](double number) { return std::isfinite(number); });
}

Value prove::notFiniteOperand(Operation *op, const llvm::DenseMap<Value, Numbers> &values) {
  auto isFinite = [&](Value value) { return areFinite(values.lookup(value)); };
  if (auto select = dyn_cast<arith::SelectOp>(op);
      select && isFinite(select.getCondition()) && values.lookup(select.getCondition()).size() == 1)
    return values.lookup(select.getCondition())[0] ? select.getTrueValue() : select.getFalseValue();
  for (Value operand : op->getOperands())
    if (!isFinite(operand))
      return operand;
  return {};
}

/// Whether some step of some run has these numbers, as far as the values reads them: parameters and
/// learned values may be any, schedules are what they are at the beginning or late in a run. Of
/// states and statistics only bounds are known.
static bool isTaken(const Scratch &scratch, Operation *op, const Point &point) {
  DenseSet<Value> seen;
  SmallVector<Value> open(op->getOperands());
  bool isFirst = true, isLate = true;
  while (!open.empty()) {
    Value value = open.pop_back_val();
    if (!seen.insert(value).second)
      continue;
    if (Operation *inner = value.getDefiningOp()) {
      open.append(inner->operand_begin(), inner->operand_end());
      continue;
    }
    const Leaf *leaf = scratch.leafOf(value);
    using Kind = Leaf::Kind;
    if (leaf->kind == Kind::Latent || leaf->kind == Kind::Parameter || leaf->kind == Kind::Learned)
      continue;
    if (leaf->kind != Kind::Schedule && leaf->kind != Kind::Counter)
      return false;
    double number = point[leaf - scratch.leaves().data()].front();
    isFirst &= number == leaf->inForce;
    isLate &= number == leaf->late && !(leaf->isPositive && number == 0);
  }
  return isFirst || isLate;
}

Operation *prove::findHole(const Scratch &scratch, Value root, const Point &point) {
  auto values = scratch.evaluate(point);
  if (areFinite(values.lookup(root)))
    return nullptr;
  Operation *cause = root.getDefiningOp();
  while (Value from = cause ? notFiniteOperand(cause, values) : Value())
    cause = from.getDefiningOp();
  auto operand = [&](unsigned i) {
    return scratch.range(cause->getOperand(i), boxOf(point), Scratch::Constants::Written);
  };
  return cause && hasNoValue(cause, operand) && isTaken(scratch, cause, point) ? cause : nullptr;
}

/// Finite latents for which, at an admissible setting, the projection is no number.
std::optional<Finding> Projection::findHole() {
  std::vector<double> xs = samples(scratch, {})[1];
  llvm::sort(xs, [](double a, double b) {
    return std::pair(std::abs(a), a < 0) < std::pair(std::abs(b), b < 0);
  });
  for (Point point : settings()) {
    std::vector<double> found = scratch.evaluate(root, point, xs);
    for (auto [x, value] : llvm::zip(xs, found)) {
      if (std::isfinite(value))
        continue;
      setLatent(scratch, point, x);
      if (Operation *hole = prove::findHole(scratch, root, point))
        return Finding::refuted("the projection has no value at x = " + describe(x) + ": `" +
                                describe(hole->getResult(0)) + "`" + at(point));
    }
  }
  return std::nullopt;
}
