// Clones elementwise operations with the types of several lanes.
#include "codegen/loops/BodyCopier.h"
#include "codegen/loops/Lanes.h"

using namespace mlir;

namespace bregman {

LogicalResult BodyCopier::copy(Operation *op, Operation *loop) {
  auto isLane = [](Type type) { return type.isF32() || type.isInteger(1); };
  bool isKnown = isa<arith::ConstantOp>(op) || op->hasTrait<OpTrait::Elementwise>();
  if (!isKnown || op->getNumResults() != 1 || !isLane(op->getResult(0).getType()))
    return op->emitOpError("has no form on vectors of weights; the passes before this one leave "
                           "elementwise operations on 'f32' and 'i1'");
  Type type = lanesOf(op->getResult(0).getType(), lanes);
  OpBuilder::InsertionGuard guard(builder);
  bool isUniform = !loop || llvm::all_of(op->getOperands(), [&](Value operand) {
    return !loop->isAncestor(parts[0].lookup(operand).getParentRegion()->getParentOp());
  });
  if (isUniform && loop)
    builder.setInsertionPoint(loop);
  Value result;
  for (IRMapping &part : parts) {
    if (result && isUniform) {
      part.map(op->getResult(0), result);
      continue;
    }
    if (auto number = dyn_cast<arith::ConstantOp>(op)) {
      result = constantLanes(builder, op->getLoc(), type, number.getValue());
      part.map(op->getResult(0), result);
    } else {
      result = builder.clone(*op, part)->getResult(0);
      result.setType(type);
    }
  }
  return success();
}

} // namespace bregman
