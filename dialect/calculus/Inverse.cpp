// From the root to the variable, one waist at a time: where one operand of an operation leads on,
// the operation's model inverts it; where several do, an equation is solved.
#include "dialect/calculus/Inverse.h"

#include "dialect/calculus/Solve.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::calculus;

/// Where one operand of the root's operation is the waist, and no other depends on it.
static FailureOr<Value> invertOperation(OpBuilder &builder, const Dependence &dependence,
                                        Value root, Value waist, Value result) {
  Operation *op = root.getDefiningOp();
  auto calculus = dyn_cast<CalculusOpInterface>(op);
  std::optional<unsigned> only;
  for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
    if (!dependence.has(operand))
      continue;
    if (only || dependence.unique(operand) != waist)
      return failure();
    only = index;
  }
  if (!calculus || !only)
    return failure();
  return calculus.inverse(builder, *only, result);
}

/// What the first value below `root` that is known has to be: at best the variable itself.
static FailureOr<Solution> descend(OpBuilder &builder, const Dependence &dependence, Value root,
                                   Value result) {
  Value variable = dependence.variable, waist = dependence.waistBelow(root);
  // Of sizes the equation as a whole: next to 0, 1 / (1 - y) - 1 has lost what y / (1 - y) has.
  if (isNonNegative(variable))
    if (FailureOr<Solution> whole =
            solve(builder, Dependence(root, variable), result, /*mayHaveRoot=*/waist == variable);
        succeeded(whole))
      return whole;
  if (FailureOr<Value> value = invertOperation(builder, dependence, root, waist, result);
      succeeded(value))
    return Solution{waist, *value};
  Dependence between(root, waist);
  if (FailureOr<Solution> solution = solve(builder, between, result); succeeded(solution))
    return solution;
  FailureOr<Value> value = invertOdd(builder, between, result);
  if (failed(value))
    return failure();
  return Solution{waist, *value};
}

FailureOr<Value> bregman::invert(OpBuilder &builder, Value root, Value variable, Value result) {
  Dependence dependence(root, variable);
  if (!dependence.has(root))
    return failure();
  while (root != variable) {
    FailureOr<Solution> next = descend(builder, dependence, root, result);
    if (failed(next))
      return failure();
    root = dependence.unique(next->unknown);
    result = next->value;
  }
  return result;
}
