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
  Resolver(QuantizerOp quantizer, bool constrained)
      : constrained(constrained), clauses(quantizer), builder(quantizer.getContext()),
        latent(clauses.latent ? clauses.latent.getResult() : Value()),
        target(clauses.project ? clauses.project.getResult() : latent) {}

  LogicalResult run();

private:
  LogicalResult check();
  LogicalResult checkBlocks();
  void writeStep();
  void writePublish();
  void differentiateLoss();
  Value handedOn();
  Value gradientClause();
  Value learnedGradient(LearnOp learned);
  Value moved(LearnOp learned);
  Value proximal(Value x);
  bool staysInStep(EveryOp every);
  void absorb(EveryOp every, IRMapping &now);
  Value vjp(Clause clause, Value point, Value cotangent, Value variable = {});
  Value plus(Value a, Value b);
  Block *addRegion(Region &region) { return &region.emplaceBlock(); }
  Value declaration(StringRef name);

  bool constrained;
  Clauses clauses;
  OpBuilder builder;
  Value latent, target;
  /// Of constrained training: the loss's gradient at the float branch's weight.
  Value highGradient;
  /// dL/dw and dL/du, the penalty's share included.
  Value weightGradient, targetGradient;
  DenseMap<Value, Value> learnedGradients;
};

/// Where the step's own operations come from: the clause that chose them.
Location updateLocation(Clauses &clauses) {
  return clauses.update ? clauses.update.getLoc() : clauses.latent.getLoc();
}

LogicalResult Resolver::run() {
  if (failed(check()) || failed(checkBlocks()))
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
  if (Value weight = clauses.published(); !weight.getType().isF32())
    return emitError(weight.getLoc(), "Q16: the target has a level axis, but no `weight` follows "
                                      "that makes one number of it");
  bool handsOnTarget = !constrained && clauses.update &&
                       clauses.update.getKind() != UpdateKind::Chain &&
                       clauses.update.getKind() != UpdateKind::Gradient;
  if (handsOnTarget && target.getType() != latent.getType())
    return clauses.update.emitOpError("Q3: hands on a gradient of type ")
           << target.getType() << " to a latent of type " << latent.getType();
  if (constrained && clauses.isAgile())
    return emitError(clauses.update.getLoc(),
                     "constrained training moves the latent, by the gradient at the float branch's "
                     "weight, and `agile mirror` moves the weight itself; write `lazy mirror`");
  if (constrained && !clauses.high && !latent.getType().isF32())
    return emitError(clauses.latent.getLoc(),
                     "the latent has a level axis, and the float branch of constrained training "
                     "multiplies with one number for each weight; say with which by `high`, for "
                     "example `high sum(levels * softmax(x))`");
  if (clauses.isAgile() && clauses.prox)
    return clauses.prox.emitOpError("Q8: does not go with `update agile mirror`");
  if (!clauses.project && !clauses.learned.empty())
    for (LearnOp learned : clauses.learned)
      if (!clauses.penalty)
        return learned.emitOpError("Q14: nothing that is trained reads `")
               << learned.getName() << "`";
  return success();
}

/// The latent or the state that an `every` block names.
Value Resolver::declaration(StringRef name) {
  if (name == "x")
    return latent;
  for (StateOp state : clauses.states)
    if (state.getName() == name)
      return state.getResult();
  return {};
}

LogicalResult Resolver::checkBlocks() {
  for (auto every : clauses.quantizer.getBody().getOps<EveryOp>()) {
    YieldOp yield = yieldOf(every.getBody());
    for (auto [index, value] : llvm::enumerate(yield.getValues())) {
      StringRef name = yield.nameOf(index);
      Value old = declaration(name);
      if (!old)
        return every.emitOpError("gives a new value to `")
               << name << "`, which is neither `x` nor a state of the quantizer";
      if (old.getType() != value.getType())
        return every.emitOpError("Q3: gives `") << name << "`, which is " << old.getType()
                                                << ", a value of type " << value.getType();
    }
  }
  return success();
}

Value Resolver::vjp(Clause clause, Value point, Value cotangent, Value variable) {
  return VjpOp::create(builder, clauses.find(clause)->getLoc(), clause, point, cotangent, variable);
}

/// The sum of what is there.
Value Resolver::plus(Value a, Value b) {
  if (!a || !b)
    return a ? a : b;
  return arith::AddFOp::create(builder, b.getLoc(), a, b);
}

/// Whether a clause reads `value`, itself or through the levels.
bool reads(Region &region, Value value) {
  bool found = false;
  region.walk([&](Operation *op) {
    for (Value operand : op->getOperands()) {
      found |= operand == value;
      if (auto levels = operand.getDefiningOp<LevelsOp>();
          levels && !region.isAncestor(levels->getParentRegion()))
        found |= reads(levels.getBody(), value);
    }
  });
  return found;
}

/// dL/dw is g, and dL/du follows through the weight clause where there is one. The penalty joins
/// the loss, with each value that it reads as a variable of its own.
void Resolver::differentiateLoss() {
  auto ofPenalty = [&](Value variable) {
    if (!clauses.penalty || !reads(clauses.penalty.getBody(), variable))
      return Value();
    Value one =
        arith::ConstantOp::create(builder, clauses.penalty.getLoc(), builder.getF32FloatAttr(1));
    return vjp(Clause::Penalty, latent, one, variable);
  };
  if (!clauses.project) {
    targetGradient = weightGradient;
    return;
  }
  weightGradient = plus(weightGradient, ofPenalty(clauses.published()));
  targetGradient = weightGradient;
  if (clauses.weight)
    targetGradient = plus(vjp(Clause::Weight, target, weightGradient), ofPenalty(target));
}

/// dL/dn at fixed x, summed over the extent of n.
Value Resolver::learnedGradient(LearnOp learned) {
  Value n = learned.getResult();
  Value &gradient = learnedGradients[n];
  if (gradient)
    return gradient;
  if (clauses.project && reads(clauses.project.getBody(), n))
    gradient = vjp(Clause::Project, latent, targetGradient, n);
  if (clauses.weight && reads(clauses.weight.getBody(), n))
    gradient = plus(gradient, vjp(Clause::Weight, target, weightGradient, n));
  if (clauses.penalty && reads(clauses.penalty.getBody(), n)) {
    Value one =
        arith::ConstantOp::create(builder, clauses.penalty.getLoc(), builder.getF32FloatAttr(1));
    gradient = plus(gradient, vjp(Clause::Penalty, latent, one, n));
  }
  if (constrained && clauses.high && reads(clauses.high.getBody(), n))
    gradient = plus(gradient, vjp(Clause::High, latent, highGradient, n));
  if (!gradient)
    gradient = arith::ConstantOp::create(builder, learned.getLoc(),
                                         builder.getZeroAttr(learned.getType()));
  return gradient;
}

/// The value of `update gradient`: its g and its gradients are what they stand for.
Value Resolver::gradientClause() {
  IRMapping mapping;
  Region &body = clauses.update.getBody();
  mapping.map(body.getArgument(0), weightGradient);
  for (Operation &op : body.front().without_terminator())
    if (auto grad = dyn_cast<GradOp>(op)) {
      auto learned = grad.getTarget().getDefiningOp<LearnOp>();
      mapping.map(grad.getResult(), learned                      ? learnedGradient(learned)
                                    : grad.getTarget() == target ? targetGradient
                                                                 : weightGradient);
    } else {
      builder.clone(op, mapping);
    }
  return mapping.lookupOrDefault(yieldOf(body).getValues().front());
}

/// h, what the base optimizer is handed.
Value Resolver::handedOn() {
  Value h = targetGradient;
  if (constrained) // the low branch is a constant for the latent
    h = clauses.high ? vjp(Clause::High, latent, highGradient) : highGradient;
  else if (clauses.update && clauses.update.getKind() == UpdateKind::Chain)
    h = VjpOp::create(builder, clauses.update.getLoc(), Clause::Project, latent, targetGradient,
                      Value());
  else if (clauses.update && clauses.update.getKind() == UpdateKind::Gradient)
    h = gradientClause();
  if (!clauses.penalty || !reads(clauses.penalty.getBody(), latent))
    return h;
  Value one =
      arith::ConstantOp::create(builder, clauses.penalty.getLoc(), builder.getF32FloatAttr(1));
  return plus(h, vjp(Clause::Penalty, latent, one));
}

/// n - B(n, scaled dL/dn), in the range.
Value Resolver::moved(LearnOp learned) {
  Location loc = learned.getLoc();
  Value n = learned.getResult(), h = learnedGradient(learned);
  if (!learned.getScale().empty()) {
    IRMapping mapping;
    Value scale = cloneClause(builder, learned.getScale(), mapping);
    if (isa<VectorType>(h.getType()))
      scale = vector::BroadcastOp::create(builder, loc, h.getType(), scale);
    h = arith::MulFOp::create(builder, loc, h, scale);
  }
  Value d = BaseOp::create(builder, loc, n, h);
  Value next = arith::SubFOp::create(builder, loc, n, d);
  auto bound = [&](std::optional<APFloat> end) -> Value {
    if (!end || end->isInfinity())
      return {};
    bool inexact;
    end->convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &inexact);
    TypedAttr number = FloatAttr::get(builder.getF32Type(), *end);
    if (auto levels = dyn_cast<VectorType>(n.getType()))
      number = DenseElementsAttr::get(levels, *end);
    return arith::ConstantOp::create(builder, loc, number);
  };
  if (Value low = bound(learned.getLow()))
    next = arith::MaximumFOp::create(builder, loc, next, low);
  if (Value high = bound(learned.getHigh()))
    next = arith::MinimumFOp::create(builder, loc, next, high);
  return next;
}

Value Resolver::proximal(Value x) {
  Location loc = clauses.prox.getLoc();
  Value lr = CounterOp::create(builder, loc, builder.getF64Type(), Counter::LearningRate,
                               /*next=*/false);
  lr = arith::TruncFOp::create(builder, loc, builder.getF32Type(), lr);
  return ProximalOp::create(builder, loc, x, lr);
}

/// A block that is due in every step, and gives no host scalar a new value, is a part of the step.
bool Resolver::staysInStep(EveryOp every) {
  FloatAttr period;
  bool ofRun = llvm::any_of(yieldOf(every.getBody()).getValues(),
                            [](Value value) { return value.getType().isF64(); });
  return !ofRun && every.getUnit() == PeriodUnit::Step &&
         matchPattern(every.getPeriod(), m_Constant(&period)) && period.getValueAsDouble() == 1;
}

/// All new values are of the old ones; `now` holds what is stored at this point of the step.
void Resolver::absorb(EveryOp every, IRMapping &now) {
  IRMapping mapping = now;
  cloneBody(builder, every.getBody(), mapping);
  YieldOp yield = yieldOf(every.getBody());
  for (auto [index, value] : llvm::enumerate(yield.getValues()))
    now.map(declaration(yield.nameOf(index)), mapping.lookupOrDefault(value));
  every.erase();
}

void Resolver::writeStep() {
  builder.setInsertionPointToEnd(&clauses.quantizer.getBody().front());
  Location loc = updateLocation(clauses);
  SmallVector<StringRef> gradients{"g"};
  if (constrained)
    gradients.push_back("g.high");
  auto step = StepOp::create(builder, loc, builder.getStrArrayAttr(gradients));
  Block *body = addRegion(step.getBody());
  weightGradient = body->addArgument(builder.getF32Type(), loc);
  if (constrained)
    highGradient = body->addArgument(builder.getF32Type(), loc);
  builder.setInsertionPointToStart(body);

  Value moves = clauses.isAgile() ? target : latent, x = latent;
  if (clauses.isAgile())
    x = InverseOp::create(builder, loc, latent.getType(), Clause::Project, target);
  differentiateLoss();
  Value d = BaseOp::create(builder, loc, moves, handedOn());
  x = arith::SubFOp::create(builder, loc, x, d);
  IRMapping now;
  for (LearnOp learned : clauses.learned)
    now.map(learned.getResult(), moved(learned));
  if (clauses.prox)
    x = proximal(x);
  now.map(latent, x);
  for (auto every : llvm::make_early_inc_range(clauses.quantizer.getBody().getOps<EveryOp>())) {
    if (!staysInStep(every))
      break; // what follows a block of its own comes after it
    absorb(every, now);
  }

  std::string name = "x";
  x = now.lookup(latent);
  if (clauses.isAgile()) {
    x = ApplyOp::create(builder, loc, target.getType(), Clause::Project, x);
    name = clauses.project.getName().str();
  }
  SmallVector<Value> values{x};
  SmallVector<Attribute> names{builder.getStringAttr(name)};
  auto add = [&](auto declared) {
    if (Value value = now.lookupOrNull(declared.getResult())) {
      values.push_back(value);
      names.push_back(declared.getNameAttr());
    }
  };
  llvm::for_each(clauses.learned, add);
  llvm::for_each(clauses.states, add);
  YieldOp::create(builder, loc, values, builder.getArrayAttr(names));
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
  if (!constrained) {
    YieldOp::create(builder, loc, w);
    return;
  }
  Value high = latent;
  if (clauses.high)
    high =
        ApplyOp::create(builder, clauses.high.getLoc(), builder.getF32Type(), Clause::High, latent);
  YieldOp::create(builder, loc, {w, high}, builder.getStrArrayAttr({"w", "w.high"}));
}

struct ResolveUpdate : bregman::impl::ResolveUpdateBase<ResolveUpdate> {
  using ResolveUpdateBase::ResolveUpdateBase;

  void runOnOperation() override {
    for (auto quantizer : getOperation().getOps<QuantizerOp>())
      if (failed(Resolver(quantizer, constrained).run()))
        return signalPassFailure();
  }
};

} // namespace
