// bregman-expand-vjp: J^T c of a clause by reverse-mode differentiation of its region.
#include "dialect/calculus/Reverse.h"
#include "passes/Clauses.h"
#include "passes/Passes.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace bregman {
#define GEN_PASS_DEF_EXPANDVJP
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

/// The clause is evaluated at the point, then differentiated from its value back to the point, or
/// to what the op names.
LogicalResult expand(VjpOp op, Clauses &clauses) {
  Operation *clause = clauses.find(op.getClause());
  if (!clause)
    return op.emitOpError("names a clause that the quantizer does not have");
  OpBuilder builder(op);
  Operation *before = op->getPrevNode();
  IRMapping mapping;
  bool ofWeight = op.getClause() == Clause::Weight;
  mapping.map(ofWeight ? clauses.project.getResult() : clauses.latent.getResult(), op.getPoint());
  if (op.getClause() == Clause::Penalty) // the weight is a variable of its own
    for (Operation *target : {clauses.project.getOperation(), clauses.weight.getOperation()})
      if (target)
        mapping.map(target->getResult(0), target->getResult(0));
  Value leaf = op.getPoint();
  ExtentAttr extent;
  if (Value variable = op.getVariable()) {
    leaf = variable;
    mapping.map(variable, variable);
    if (auto learned = variable.getDefiningOp<LearnOp>())
      extent = learned.getExtentAttr();
  }
  Value value = cloneClause(builder, clause->getRegion(0), mapping);
  SmallVector<Value> results;
  if (failed(differentiate(builder, value, op.getCotangent(), leaf, results)))
    return failure();
  Value result = results.front();
  if (result) {
    result = sumOver(builder, extent, result);
  } else {
    TypedAttr zero = builder.getZeroAttr(op.getType());
    result = arith::ConstantOp::create(builder, op.getLoc(), zero);
  }
  op.replaceAllUsesWith(result);

  // What the derivative does not read of the value goes again.
  for (Operation *dead = op->getPrevNode(); dead != before;) {
    Operation *earlier = dead->getPrevNode();
    if (isOpTriviallyDead(dead))
      dead->erase();
    dead = earlier;
  }
  op.erase();
  return success();
}

struct ExpandVjp : bregman::impl::ExpandVjpBase<ExpandVjp> {
  void runOnOperation() override {
    for (auto quantizer : getOperation().getOps<QuantizerOp>()) {
      Clauses clauses(quantizer);
      SmallVector<VjpOp> ops;
      quantizer.walk([&](VjpOp op) { ops.push_back(op); });
      for (VjpOp op : ops)
        if (failed(expand(op, clauses)))
          return signalPassFailure();
    }
  }
};

} // namespace
