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

/// The clause is evaluated at the point, then differentiated from its value back to the point.
LogicalResult expand(VjpOp op, Clauses &clauses) {
  bool ofProject = op.getClause() == Clause::Project;
  if (ofProject ? !clauses.project : !clauses.weight)
    return op.emitOpError("names a clause that the quantizer does not have");
  Value variable = ofProject ? clauses.latent.getResult() : clauses.project.getResult();
  OpBuilder builder(op);
  Operation *before = op->getPrevNode();
  IRMapping mapping;
  mapping.map(variable, op.getPoint());
  Value value = cloneClause(builder, clauses.body(op.getClause()), mapping);
  SmallVector<Value> results;
  if (failed(differentiate(builder, value, op.getCotangent(), op.getPoint(), results)))
    return failure();
  Value result = results.front();
  if (!result) {
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
