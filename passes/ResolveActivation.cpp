// bregman-resolve-activation: what quantizes an activation has a forward and a backward pass.
#include "passes/Clauses.h"
#include "passes/Passes.h"

namespace bregman {
#define GEN_PASS_DEF_RESOLVEACTIVATION
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

/// Rule Q17: the clauses that an activation's quantizer has.
bool isOfActivations(Operation &op) {
  if (auto update = dyn_cast<UpdateOp>(op))
    return update.getKind() == UpdateKind::Chain;
  return isa<ParamOp, CounterOp, ScheduleOp, LevelsOp, LearnOp, LatentOp, ProjectOp>(op) ||
         op.getNumRegions() == 0; // what these read
}

/// The backward pass: g to J^T g, and dL/dn of each learned value, scaled.
void writeStep(Clauses &clauses, OpBuilder &builder) {
  Location loc = clauses.project ? clauses.project.getLoc() : clauses.latent.getLoc();
  auto step = StepOp::create(builder, loc, builder.getStrArrayAttr({"g"}));
  Block *body = &step.getBody().emplaceBlock();
  Value g = body->addArgument(builder.getF32Type(), loc);
  OpBuilder inner = OpBuilder::atBlockEnd(body);
  Value x = clauses.latent.getResult();
  auto gradient = [&](Value variable) -> Value {
    return VjpOp::create(inner, loc, Clause::Project, x, g, variable);
  };
  SmallVector<Value> values{clauses.project ? gradient({}) : g};
  SmallVector<Attribute> names{builder.getStringAttr("x")};
  for (LearnOp learned : clauses.learned) {
    Value h = gradient(learned.getResult());
    if (!learned.getScale().empty()) {
      IRMapping mapping;
      Value scale = cloneClause(inner, learned.getScale(), mapping);
      if (isa<VectorType>(h.getType()))
        scale = vector::BroadcastOp::create(inner, learned.getLoc(), h.getType(), scale);
      h = arith::MulFOp::create(inner, learned.getLoc(), h, scale);
    }
    values.push_back(h);
    names.push_back(learned.getNameAttr());
  }
  YieldOp::create(inner, loc, values, builder.getArrayAttr(names));
}

/// The forward pass.
void writePublish(Clauses &clauses, OpBuilder &builder) {
  Value x = clauses.latent.getResult();
  Location loc = clauses.project ? clauses.project.getLoc() : clauses.latent.getLoc();
  auto publish = PublishOp::create(builder, loc, builder.getStrArrayAttr({}));
  OpBuilder inner = OpBuilder::atBlockEnd(&publish.getBody().emplaceBlock());
  Value w = x;
  if (clauses.project)
    w = ApplyOp::create(inner, loc, x.getType(), Clause::Project, x);
  YieldOp::create(inner, loc, w);
}

LogicalResult resolve(QuantizerOp quantizer) {
  for (Operation &op : quantizer.getBody().front())
    if (!isOfActivations(op))
      return op.emitOpError("Q17: is no clause of what quantizes activations");
  Clauses clauses(quantizer);
  if (!clauses.latent)
    return quantizer.emitOpError("Q16: has no `latent`");
  if (!clauses.project && !clauses.learned.empty())
    return clauses.learned.front().emitOpError("Q14: nothing that is trained reads `")
           << clauses.learned.front().getName() << "`";
  for (Value value : {clauses.published(), clauses.latent.getResult()})
    if (!value.getType().isF32())
      return emitError(value.getLoc(), "Q3: an activation has no level axis");
  OpBuilder builder = OpBuilder::atBlockEnd(&quantizer.getBody().front());
  writeStep(clauses, builder);
  writePublish(clauses, builder);
  return success();
}

struct ResolveActivation : bregman::impl::ResolveActivationBase<ResolveActivation> {
  void runOnOperation() override {
    for (auto quantizer : getOperation().getOps<QuantizerOp>())
      if (failed(resolve(quantizer)))
        return signalPassFailure();
  }
};

} // namespace
