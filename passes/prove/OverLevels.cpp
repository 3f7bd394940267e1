// Recognition of softmax and sparsemax of c x.
#include "passes/prove/OverLevels.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

SimplexMap prove::simplexMapOf(const Scratch &scratch, Value root) {
  SimplexMap result;
  Operation *op = root.getDefiningOp();
  if (!op || !isa<SoftmaxOp, SparsemaxOp>(op))
    return result;
  result.map = op;
  if (op->getNumOperands() == 2)
    result.factors.push_back(op->getOperand(1));
  // Only what is the same for all levels may stand beside the latent.
  auto uniform = [&](Value value) -> Value {
    if (auto broadcast = value.getDefiningOp<vector::BroadcastOp>())
      return broadcast.getSource();
    auto constant = value.getDefiningOp<arith::ConstantOp>();
    auto dense = constant ? dyn_cast<DenseFPElementsAttr>(constant.getValue()) : nullptr;
    return dense && dense.isSplat() ? value : Value();
  };
  Value argument = op->getOperand(0);
  while (!scratch.leafOf(argument)) {
    Operation *inner = argument.getDefiningOp();
    if (isa<arith::NegFOp>(inner)) {
      result.isPositive = !result.isPositive;
      result.scale = interval::neg(result.scale);
      argument = inner->getOperand(0);
      continue;
    }
    if (!isa<arith::MulFOp, arith::DivFOp>(inner))
      return result;
    bool second = scratch.dependsOnLatent(inner->getOperand(1));
    Value factor = uniform(inner->getOperand(second ? 0 : 1));
    if (!factor || scratch.dependsOnLatent(factor) || (second && isa<arith::DivFOp>(inner)))
      return result;
    (isa<arith::MulFOp>(inner) ? result.factors : result.divisors).push_back(factor);
    argument = inner->getOperand(second ? 1 : 0);
  }
  result.isLatentScaled = scratch.leafOf(argument)->kind == Leaf::Kind::Latent;
  DenseMap<Value, Interval> ranges = scratch.ranges(scratch.admissible());
  // A decay is above 0, though its range is not.
  for (const SmallVector<Value> *part : {&result.factors, &result.divisors})
    for (Value each : *part)
      result.isPositive &= scratch.isPositive(each) || ranges.lookup(each).lo > 0;
  for (Value factor : result.factors)
    result.scale = interval::mul(result.scale, ranges.lookup(factor));
  for (Value divisor : result.divisors)
    result.scale = interval::div(result.scale, ranges.lookup(divisor));
  return result;
}
