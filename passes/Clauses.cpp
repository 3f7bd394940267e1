// Reading the clauses of a quantizer.
#include "passes/Clauses.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace bregman;

Clauses::Clauses(QuantizerOp quantizer) : quantizer(quantizer) {
  for (Operation &op : quantizer.getBody().front())
    llvm::TypeSwitch<Operation *, void>(&op)
        .Case([&](LevelsOp op) { levels = op; })
        .Case([&](LatentOp op) { latent = op; })
        .Case([&](ProjectOp op) { project = op; })
        .Case([&](WeightOp op) { weight = op; })
        .Case([&](UpdateOp op) { update = op; })
        .Case([&](HighOp op) { high = op; })
        .Case([&](PenaltyOp op) { penalty = op; })
        .Case([&](ProxOp op) { prox = op; })
        .Case([&](LearnOp op) { learned.push_back(op); })
        .Case([&](StateOp op) { states.push_back(op); })
        .Case([&](FreezeOp op) { freeze = op; })
        .Case([&](FinalOp op) { final = op; })
        .Case([&](StepOp op) { step = op; })
        .Case([&](PublishOp op) { publish = op; });
}

Operation *Clauses::find(Clause clause) {
  switch (clause) {
  case Clause::Project:
    return project;
  case Clause::Weight:
    return weight;
  case Clause::Penalty:
    return penalty;
  case Clause::High:
    return high;
  }
  llvm_unreachable("unknown clause");
}

Value Clauses::published() {
  return weight ? weight.getResult() : project ? project.getResult() : latent.getResult();
}

YieldOp bregman::yieldOf(Region &body) { return cast<YieldOp>(body.front().getTerminator()); }

void bregman::hoistAbove(Operation *op, Operation *anchor) {
  if (op->getBlock() != anchor->getBlock() || op->isBeforeInBlock(anchor) || op == anchor)
    return;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (Operation *source = operand.getDefiningOp(); source && !op->isAncestor(source))
        hoistAbove(source, anchor);
  });
  op->moveBefore(anchor);
}

void bregman::eraseDead(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op) && !isa<BaseOp>(op)) // an optimizer's states move in any case
      op.erase();
}

/// Whether a captured value is computed from what the mapping replaces. What is stored is not
/// computed.
static bool dependsOn(Value value, const IRMapping &mapping) {
  if (mapping.contains(value))
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || isa<LatentOp, StateOp, LearnOp, ParamOp, CounterOp, ScheduleOp>(op))
    return false;
  bool any = false;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      any |= !op->isAncestor(operand.getParentRegion()->getParentOp()) &&
             operand.getDefiningOp() != op && dependsOn(operand, mapping);
  });
  return any;
}

/// Puts what is captured and has to be made again here into the mapping.
static void makeAgain(OpBuilder &builder, Value value, IRMapping &mapping) {
  if (mapping.contains(value) || !dependsOn(value, mapping))
    return;
  Operation *op = value.getDefiningOp();
  if (isa<LevelsOp, ProjectOp, WeightOp>(op)) {
    mapping.map(value, cloneClause(builder, op->getRegion(0), mapping));
    return;
  }
  for (Value operand : op->getOperands())
    makeAgain(builder, operand, mapping);
  builder.clone(*op, mapping);
}

void bregman::cloneBody(OpBuilder &builder, Region &body, IRMapping &mapping) {
  for (Operation &op : body.front().without_terminator()) {
    op.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (!body.isAncestor(operand.getParentRegion()))
          makeAgain(builder, operand, mapping);
    });
    builder.clone(op, mapping);
  }
}

Value bregman::cloneClause(OpBuilder &builder, Region &body, IRMapping &mapping) {
  cloneBody(builder, body, mapping);
  Value value = yieldOf(body).getValues().front();
  makeAgain(builder, value, mapping);
  return mapping.lookupOrDefault(value);
}
