// Where a projection has no value: the root or the logarithm of what is negative there, a quotient
// by 0.
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

static bool areFinite(ArrayRef<double> numbers) {
  return llvm::all_of(numbers, [](double number) { return std::isfinite(number); });
}

/// The op in which what is not finite begins.
static Operation *causeOf(Value value, const llvm::DenseMap<Value, Numbers> &values) {
  while (Operation *op = value.getDefiningOp()) {
    auto inherited = llvm::find_if(
        op->getOperands(), [&](Value operand) { return !areFinite(values.lookup(operand)); });
    if (inherited == op->operand_end())
      return op;
    value = *inherited;
  }
  return nullptr;
}

Operation *prove::findHole(const Scratch &scratch, Value root, const Point &point) {
  auto values = scratch.evaluate(point);
  Operation *cause = areFinite(values.lookup(root)) ? nullptr : causeOf(root, values);
  auto operand = [&](unsigned i) {
    return scratch.range(cause->getOperand(i), boxOf(point), Scratch::Constants::Written);
  };
  return cause && hasNoValue(cause, operand) ? cause : nullptr;
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
