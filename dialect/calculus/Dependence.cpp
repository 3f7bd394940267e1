// Equal computations are found as operations are visited, operands first; a waist is what every way
// from the root to the variable leads through.
#include "dialect/calculus/Dependence.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::calculus;

/// Declarations are sources, whatever their regions compute.
static Operation *computationOf(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->getNumResults() == 1 && op->getNumRegions() == 0 ? op : nullptr;
}

Dependence::Dependence(Value root, Value variable) : root(root), variable(variable) {
  known[variable] = variable;
  dependent.insert(variable);
  // What is computed like the variable is the variable.
  if (Operation *op = computationOf(variable); op && op->getNumOperands()) {
    for (Value operand : op->getOperands())
      visit(operand);
    all.push_back(op);
  }
  visit(root);
}

Value Dependence::unique(Value value) const {
  auto found = known.find(value);
  return found == known.end() ? value : found->second;
}

void Dependence::visit(Value value) {
  if (known.contains(value))
    return;
  known[value] = value;
  Operation *op = computationOf(value);
  if (!op)
    return;
  for (Value operand : op->getOperands())
    visit(operand);
  auto areEqual = [&](Value a, Value b) { return success(unique(a) == unique(b)); };
  for (Operation *other : all)
    if (OperationEquivalence::isEquivalentTo(op, other, areEqual, /*markEquivalent=*/nullptr,
                                             OperationEquivalence::IgnoreLocations)) {
      known[value] = other->getResult(0);
      return;
    }
  if (!isa<RandomOp>(op))
    all.push_back(op);
  if (llvm::any_of(op->getOperands(), [&](Value operand) { return has(operand); })) {
    dependent.insert(value);
    order.push_back(value);
  }
}

/// Whether a way from `from` to the variable leads around `avoided`.
bool Dependence::isReached(Value from, Value avoided) const {
  DenseSet<Value> seen;
  SmallVector<Value> open{from};
  while (!open.empty()) {
    Value value = unique(open.pop_back_val());
    if (value == avoided || !dependent.contains(value) || !seen.insert(value).second)
      continue;
    if (value == variable)
      return true;
    llvm::append_range(open, value.getDefiningOp()->getOperands());
  }
  return false;
}

Value Dependence::waistBelow(Value from) const {
  // Operands stand before users.
  const auto *end = llvm::find(order, unique(from));
  for (Value value : llvm::reverse(llvm::make_range(order.begin(), end)))
    if (!isReached(from, value))
      return value;
  return variable;
}

Interval calculus::admissible(ParamOp param) {
  double now = param.getValue().convertToDouble();
  return {param.getLow() ? param.getLow()->convertToDouble() : now,
          param.getHigh() ? param.getHigh()->convertToDouble() : now};
}

namespace {

/// Each value once.
class Ranges {
public:
  Interval of(Value value) {
    if (auto found = known.find(value); found != known.end())
      return found->second;
    Interval range = compute(value.getDefiningOp());
    return known[value] = range;
  }

  DenseMap<Value, Interval> known;

private:
  Interval compute(Operation *op) {
    if (auto param = dyn_cast_or_null<ParamOp>(op))
      return admissible(param);
    if (isa_and_present<CounterOp>(op))
      return {0, std::numeric_limits<double>::infinity()};
    if (auto schedule = dyn_cast_or_null<ScheduleOp>(op))
      return of(schedule.getBody().front().getTerminator()->getOperand(0));
    auto reduce = dyn_cast_or_null<ReduceOp>(op);
    auto calculus = dyn_cast_or_null<CalculusOpInterface>(op);
    // Of what comes from other weights or from the optimizer nothing is known here.
    if (!calculus || op->getNumRegions() || (reduce && reduce.getExtentAttr()) ||
        isa<RandomOp, OptimizerStateOp, FitOp>(op))
      return Interval::all();
    SmallVector<Interval> operands;
    for (Value operand : op->getOperands())
      operands.push_back(of(operand));
    return calculus.range(operands);
  }
};

} // namespace

Interval calculus::rangeOf(Value value, Value variable, Interval interval) {
  Ranges ranges;
  ranges.known[variable] = interval;
  return ranges.of(value);
}

bool calculus::isNonNegative(Value value) { return rangeOf(value, {}, Interval::all()).lo >= 0; }
