// From the root to the variable, one function at a time: each is inverted in the one operand that
// depends on the variable.
#include "dialect/calculus/Inverse.h"

using namespace mlir;
using namespace bregman;

/// Whether `value` is computed from `variable`.
static bool dependsOn(Value value, Value variable, DenseMap<Operation *, bool> &known) {
  if (value == variable)
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumRegions())
    return false;
  auto [found, isNew] = known.try_emplace(op, false);
  if (!isNew)
    return found->second;
  bool depends = llvm::any_of(op->getOperands(),
                              [&](Value operand) { return dependsOn(operand, variable, known); });
  return known[op] = depends;
}

FailureOr<Value> bregman::invert(OpBuilder &builder, Value root, Value variable, Value result) {
  DenseMap<Operation *, bool> known;
  while (root != variable) {
    Operation *op = root.getDefiningOp();
    auto calculus = dyn_cast_or_null<CalculusOpInterface>(op);
    if (!calculus)
      return failure();
    std::optional<unsigned> only;
    for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
      if (!dependsOn(operand, variable, known))
        continue;
      if (only)
        return failure();
      only = index;
    }
    if (!only)
      return failure();
    FailureOr<Value> inverse = calculus.inverse(builder, *only, result);
    if (failed(inverse))
      return failure();
    result = *inverse;
    root = op->getOperand(*only);
  }
  return result;
}
