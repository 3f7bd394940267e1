// bregman-resolve-update: the table of a training step, written as step and publish.
#include "passes/Clauses.h"
#include "passes/Passes.h"

#include "mlir/IR/Matchers.h"

namespace bregman {
#define GEN_PASS_DEF_RESOLVEUPDATE
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

class Resolver {
public:
  explicit Resolver(QuantizerOp quantizer)
      : clauses(quantizer), builder(quantizer.getContext()),
        latent(clauses.latent ? clauses.latent.getResult() : Value()),
        target(clauses.project ? clauses.project.getResult() : latent) {}

  LogicalResult run();

private:
  LogicalResult check();
  void writeStep();
  void writePublish();
  Value handedOn(Value g);
  Value targetGradient(Value g);
  Value gradientClause(Value g, Value c);
  Value afterBlocks(Value x);
  Value isDue(EveryOp every);
  Block *addRegion(Region &region) { return &region.emplaceBlock(); }

  Clauses clauses;
  OpBuilder builder;
  Value latent, target;
};

/// Where the step's own operations come from: the clause that chose them.
Location updateLocation(Clauses &clauses) {
  return clauses.update ? clauses.update.getLoc() : clauses.latent.getLoc();
}

LogicalResult Resolver::run() {
  if (failed(check()))
    return failure();
  writeStep();
  writePublish();
  return success();
}

LogicalResult Resolver::check() {
  if (!latent)
    return clauses.quantizer.emitOpError("Q16: has no `latent`");
  if (clauses.step || clauses.publish)
    return clauses.quantizer.emitOpError("is resolved already: it has step or publish");
  Value weight = clauses.weight ? clauses.weight.getResult() : target;
  if (!weight.getType().isF32())
    return emitError(weight.getLoc(), "Q16: the target has a level axis, but no `weight` follows "
                                      "that makes one number of it");
  bool handsOnTarget = clauses.update && clauses.update.getKind() != UpdateKind::Chain &&
                       clauses.update.getKind() != UpdateKind::Gradient;
  if (handsOnTarget && target.getType() != latent.getType())
    return clauses.update.emitOpError("Q3: hands on a gradient of type ")
           << target.getType() << " to a latent of type " << latent.getType();
  for (auto every : clauses.quantizer.getBody().getOps<EveryOp>())
    if (YieldOp yield = yieldOf(every.getBody()); yield.getValues().size() != 1 || !yield.get("x"))
      return every.emitOpError("expects to give a new value to `x` and to nothing else");
  if (clauses.isAgile() && clauses.prox)
    return clauses.prox.emitOpError("Q8: does not go with `update agile mirror`");
  if (clauses.prox && !latent.getType().isF32())
    return clauses.prox.emitOpError("Q8: needs a latent without a level axis");
  return success();
}

/// c = dL/du, through the weight clause where there is one.
Value Resolver::targetGradient(Value g) {
  if (!clauses.weight)
    return g;
  return VjpOp::create(builder, clauses.weight.getLoc(), target.getType(), Clause::Weight, target,
                       g);
}

/// The value of `update gradient`: its g and its gradients of targets are what they stand for.
Value Resolver::gradientClause(Value g, Value c) {
  IRMapping mapping;
  Region &body = clauses.update.getBody();
  mapping.map(body.getArgument(0), g);
  for (Operation &op : body.front().without_terminator())
    if (auto grad = dyn_cast<GradOp>(op))
      mapping.map(grad.getResult(), grad.getTarget() == target ? c : g);
    else
      builder.clone(op, mapping);
  return mapping.lookupOrDefault(yieldOf(body).getValues().front());
}

/// h, what the base optimizer is handed.
Value Resolver::handedOn(Value g) {
  if (!clauses.update)
    return g;
  Value c = targetGradient(g);
  switch (clauses.update.getKind()) {
  case UpdateKind::Lazy:
  case UpdateKind::Agile:
  case UpdateKind::StraightThrough:
    return c;
  case UpdateKind::Chain:
    return VjpOp::create(builder, clauses.update.getLoc(), latent.getType(), Clause::Project,
                         latent, c);
  case UpdateKind::Gradient:
    return gradientClause(g, c);
  }
  llvm_unreachable("unknown kind of update");
}

/// Whether the step that now ends completes a period, as a host condition; null: always.
Value Resolver::isDue(EveryOp every) {
  Location loc = NameLoc::get(builder.getStringAttr("due"), every.getLoc());
  FloatAttr constant;
  if (every.getUnit() == PeriodUnit::Step &&
      matchPattern(every.getPeriod(), m_Constant(&constant)) && constant.getValueAsDouble() == 1)
    return {};
  Type f64 = builder.getF64Type();
  Counter unit = every.getUnit() == PeriodUnit::Step ? Counter::Step : Counter::Epoch;
  Value next = CounterOp::create(builder, loc, f64, unit, /*next=*/true);
  // A quotient of integers below 2^52 is an integer exactly when they divide.
  Value quotient = arith::DivFOp::create(builder, loc, next, every.getPeriod());
  Value floor = math::FloorOp::create(builder, loc, quotient);
  Value due = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, quotient, floor);
  if (unit == Counter::Step)
    return due;
  Value now = CounterOp::create(builder, loc, f64, unit, /*next=*/false);
  Value turns = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNE, next, now);
  return arith::AndIOp::create(builder, loc, turns, due);
}

/// The blocks in textual order, each on what the one before has left.
Value Resolver::afterBlocks(Value x) {
  for (EveryOp every : llvm::make_early_inc_range(clauses.quantizer.getBody().getOps<EveryOp>())) {
    IRMapping mapping;
    mapping.map(latent, x);
    cloneBody(builder, every.getBody(), mapping);
    Value moved = mapping.lookupOrDefault(yieldOf(every.getBody()).get("x"));
    if (Value due = isDue(every))
      moved = arith::SelectOp::create(builder, every.getLoc(), due, moved, x);
    x = moved;
    every.erase();
  }
  return x;
}

void Resolver::writeStep() {
  builder.setInsertionPointToEnd(&clauses.quantizer.getBody().front());
  Location loc = updateLocation(clauses);
  auto step = StepOp::create(builder, loc, builder.getStrArrayAttr({"g"}));
  Block *body = addRegion(step.getBody());
  Value g = body->addArgument(builder.getF32Type(), loc);
  builder.setInsertionPointToStart(body);

  Type type = latent.getType();
  Value x, moves = clauses.isAgile() ? target : latent;
  if (clauses.isAgile())
    x = InverseOp::create(builder, loc, type, Clause::Project, target);
  else
    x = latent;
  Value d = BaseOp::create(builder, loc, moves, handedOn(g));
  x = arith::SubFOp::create(builder, loc, x, d);
  if (clauses.prox) {
    Location proxLoc = clauses.prox.getLoc();
    Value lr = CounterOp::create(builder, proxLoc, builder.getF64Type(), Counter::LearningRate,
                                 /*next=*/false);
    lr = arith::TruncFOp::create(builder, proxLoc, builder.getF32Type(), lr);
    x = ProximalOp::create(builder, proxLoc, x, lr);
  }
  x = afterBlocks(x);
  StringRef name = "x";
  if (clauses.isAgile()) {
    x = ApplyOp::create(builder, loc, target.getType(), Clause::Project, x);
    name = clauses.project.getName();
  }
  YieldOp::create(builder, loc, x, builder.getStrArrayAttr({name}));
}

void Resolver::writePublish() {
  builder.setInsertionPointToEnd(&clauses.quantizer.getBody().front());
  Location loc = clauses.weight    ? clauses.weight.getLoc()
                 : clauses.project ? clauses.project.getLoc()
                                   : clauses.latent.getLoc();
  auto publish = PublishOp::create(builder, loc, builder.getStrArrayAttr({}));
  builder.setInsertionPointToStart(addRegion(publish.getBody()));
  Value w = target;
  if (clauses.project && !clauses.isAgile())
    w = ApplyOp::create(builder, clauses.project.getLoc(), target.getType(), Clause::Project,
                        latent);
  if (clauses.weight)
    w = ApplyOp::create(builder, loc, builder.getF32Type(), Clause::Weight, w);
  YieldOp::create(builder, loc, w);
}

struct ResolveUpdate : bregman::impl::ResolveUpdateBase<ResolveUpdate> {
  void runOnOperation() override {
    for (auto quantizer : getOperation().getOps<QuantizerOp>())
      if (failed(Resolver(quantizer).run()))
        return signalPassFailure();
  }
};

} // namespace
