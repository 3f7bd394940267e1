// bregman-change-coordinate: agile mirror descent in the coordinate z = c P^-1(u).
#include "passes/Clauses.h"
#include "passes/HostArithmetic.h"
#include "passes/HostScalars.h"
#include "passes/Passes.h"

namespace bregman {
#define GEN_PASS_DEF_CHANGECOORDINATE
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

/// x as one place of the projection reads it: multiplied by one factor after the other.
struct Chain {
  struct Link {
    HostScalar factor;
    Operation *op; ///< which applies it
    bool common = false;
  };
  OpOperand *use;
  SmallVector<Link> links;
};

/// Whether two host values are computed alike.
bool isSame(Value a, Value b) {
  Operation *one = a.getDefiningOp(), *other = b.getDefiningOp();
  return a == b || (one && other && one->getNumRegions() == 0 &&
                    OperationEquivalence::isEquivalentTo(
                        one, other, [](Value a, Value b) { return success(isSame(a, b)); },
                        /*markEquivalent=*/nullptr, OperationEquivalence::IgnoreLocations));
}

bool isSame(const HostScalar &a, const HostScalar &b) {
  return a.isLiteral() || b.isLiteral() ? a == b : isSame(a.value, b.value);
}

Chain follow(OpOperand &use) {
  Chain chain{&use, {}};
  Value value = use.get();
  Operation *op = use.getOwner();
  while (true) {
    std::optional<HostScalar> factor;
    if (isa<arith::MulFOp>(op))
      factor = hostScalarOf(op->getOperand(op->getOperand(0) == value ? 1 : 0));
    else if (auto softmax = dyn_cast<SoftmaxOp>(op); softmax && softmax.getScale())
      factor = hostScalarOf(softmax.getScale());
    if (!factor)
      return chain;
    chain.links.push_back({*factor, op});
    if (!isa<arith::MulFOp>(op) || !op->getResult(0).hasOneUse())
      return chain;
    value = op->getResult(0);
    op = *value.user_begin();
  }
}

class CoordinateChange {
public:
  explicit CoordinateChange(QuantizerOp quantizer)
      : clauses(quantizer), builder(quantizer.getContext()),
        latent(clauses.latent ? clauses.latent.getResult() : Value()) {}

  LogicalResult run();

private:
  LogicalResult findScale();
  LogicalResult checkRest();
  LogicalResult rewriteStep();
  void rewriteProject();
  void rewriteLatent();
  void rewriteReaders();
  Value scale(Location loc, Type type, bool inverse);
  Value hostValue(Value source, IRMapping &mapping);
  void hoist(Operation *op);

  Clauses clauses;
  OpBuilder builder;
  Value latent;
  SmallVector<Chain> chains;
  SmallVector<HostScalar> factors; ///< of c, common to all chains
  DenseSet<Operation *> absorbed;  ///< the ops that apply them
};

LogicalResult CoordinateChange::run() {
  if (!clauses.isAgile())
    return success();
  if (!clauses.step)
    return clauses.quantizer.emitOpError("has no step; `bregman-resolve-update` writes it");
  if (clauses.latent.getDual())
    return clauses.latent.emitOpError("is in the dual coordinate already");
  if (failed(findScale()) || failed(checkRest()) || failed(rewriteStep()))
    return failure();
  rewriteReaders();
  rewriteLatent();
  rewriteProject(); // last: the factors of c stand in it
  return success();
}

LogicalResult CoordinateChange::findScale() {
  Region &body = clauses.project.getBody();
  for (OpOperand &use : latent.getUses())
    if (body.isAncestor(use.getOwner()->getParentRegion()))
      chains.push_back(follow(use));
  if (chains.empty())
    return clauses.project.emitOpError("Q4: does not read the latent");
  for (const Chain::Link &link : chains.front().links) {
    SmallVector<Chain::Link *> found;
    for (Chain &chain : chains) {
      Chain::Link *same = llvm::find_if(chain.links, [&](const Chain::Link &other) {
        return !other.common && isSame(other.factor, link.factor);
      });
      if (same != chain.links.end())
        found.push_back(same);
    }
    if (found.size() != chains.size())
      continue;
    factors.push_back(link.factor);
    for (Chain::Link *same : found) {
      same->common = true;
      absorbed.insert(same->op);
    }
  }
  double sign = 1;
  for (const HostScalar &factor : factors)
    if (factor.isLiteral())
      sign *= factor.literal;
  if (!(sign > 0))
    return clauses.project.emitOpError("Q13: agile mirror needs P(x) = R(c x) with c > 0");
  return success();
}

/// A host value of the rest R that moves with the clock, or null.
Value movingPart(Value value) {
  if (!isHost(value))
    return {};
  Operation *op = value.getDefiningOp();
  if (auto counter = dyn_cast<CounterOp>(op))
    return counter.getKind() == Counter::Step || counter.getKind() == Counter::Epoch ? value
                                                                                     : Value();
  if (auto schedule = dyn_cast<ScheduleOp>(op))
    return movingPart(yieldOf(schedule.getBody()).getValues().front()) ? value : Value();
  for (Value operand : op->getOperands())
    if (Value part = movingPart(operand))
      return part;
  return {};
}

std::string nameOf(Value host) {
  if (auto schedule = host.getDefiningOp<ScheduleOp>())
    return schedule.getName().str();
  return stringifyCounter(host.getDefiningOp<CounterOp>().getKind()).str();
}

/// Rule Q13: what is left of P beside c x is free of schedules.
LogicalResult CoordinateChange::checkRest() {
  auto isAbsorbed = [&](Operation *user) { return absorbed.contains(user); };
  for (Operation &op : clauses.project.getBody().front()) {
    if (absorbed.contains(&op) || (op.getNumResults() == 1 && isHost(op.getResult(0))))
      continue;
    for (Value operand : op.getOperands()) {
      auto truncate = operand.getDefiningOp<arith::TruncFOp>();
      Value moving = movingPart(truncate ? truncate.getIn() : operand);
      bool inFactor = isa<arith::TruncFOp, vector::BroadcastOp>(op) &&
                      llvm::all_of(op.getUsers(), [&](Operation *user) {
                        return isAbsorbed(user) || (isa<vector::BroadcastOp>(user) &&
                                                    llvm::all_of(user->getUsers(), isAbsorbed));
                      });
      if (!moving || inFactor)
        continue;
      InFlightDiagnostic error = emitError(op.getLoc())
                                 << "Q13: agile mirror needs P(x) = R(c x) with R free of "
                                    "schedules, but R reads `"
                                 << nameOf(moving) << "`";
      error.attachNote(chains.front().use->getOwner()->getLoc()) << "x is read here";
      return error;
    }
  }
  return success();
}

/// Moves a declaration of the host, with what it reads, above the latent.
void CoordinateChange::hoist(Operation *op) {
  if (op->getBlock() != clauses.latent->getBlock() || op->isBeforeInBlock(clauses.latent))
    return;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (Operation *source = operand.getDefiningOp(); source && !op->isAncestor(source))
        hoist(source);
  });
  op->moveBefore(clauses.latent);
}

/// A host value of the projection's region, made again where the builder stands.
Value CoordinateChange::hostValue(Value source, IRMapping &mapping) {
  Operation *op = source.getDefiningOp();
  if (op->getBlock() == clauses.latent->getBlock()) {
    hoist(op);
    return source;
  }
  if (Value known = mapping.lookupOrNull(source))
    return known;
  for (Value operand : op->getOperands())
    mapping.map(operand, hostValue(operand, mapping));
  return builder.clone(*op, mapping)->getResult(0);
}

/// c, or its reciprocal taken in double, in the shape of `type`; null where c is 1.
Value CoordinateChange::scale(Location loc, Type type, bool inverse) {
  HostArithmetic host(builder, loc);
  HostScalar product = 1;
  IRMapping mapping;
  for (const HostScalar &factor : factors)
    product = host.mul(product,
                       factor.isLiteral() ? factor : HostScalar(hostValue(factor.value, mapping)));
  if (product.is(1))
    return {};
  if (inverse)
    product = host.div(1, product);
  Value result = host.rounded(product);
  if (isa<VectorType>(type))
    result = vector::BroadcastOp::create(builder, loc, type, result);
  return result;
}

/// y' = P^-1(u) - d, u' = P(y') becomes z' = z - c d.
LogicalResult CoordinateChange::rewriteStep() {
  YieldOp yield = yieldOf(clauses.step.getBody());
  auto apply = yield.getValues().front().getDefiningOp<ApplyOp>();
  auto difference = apply ? apply.getOperand().getDefiningOp<arith::SubFOp>() : nullptr;
  auto inverse = difference ? difference.getLhs().getDefiningOp<InverseOp>() : nullptr;
  if (!inverse || inverse.getOperand() != clauses.project.getResult())
    return clauses.step.emitOpError("is not one of agile mirror descent alone: between P^-1(u) - d "
                                    "and P nothing may be done to x");
  Location loc = difference.getLoc();
  builder.setInsertionPoint(difference);
  Value d = difference.getRhs();
  if (Value c = scale(loc, latent.getType(), /*inverse=*/false))
    d = arith::MulFOp::create(builder, loc, c, d);
  Value moved = arith::SubFOp::create(builder, loc, latent, d);
  builder.setInsertionPoint(yield);
  YieldOp::create(builder, yield.getLoc(), moved, builder.getStrArrayAttr({"dual"}));
  for (Operation *op : {yield.getOperation(), apply.getOperation(), difference.getOperation(),
                        inverse.getOperation()})
    op->erase();
  return success();
}

/// Whoever else reads x finds z / c; what only asks for a sign or an order finds z.
void CoordinateChange::rewriteReaders() {
  for (OpOperand &use : llvm::make_early_inc_range(latent.getUses())) {
    Operation *owner = use.getOwner();
    if (clauses.project->isAncestor(owner) || clauses.step->isAncestor(owner) ||
        isa<SignOp, SgnOp, HardmaxOp>(owner))
      continue;
    builder.setInsertionPoint(owner);
    if (Value c = scale(owner->getLoc(), latent.getType(), /*inverse=*/true))
      use.set(arith::MulFOp::create(builder, owner->getLoc(), c, latent));
  }
}

/// P becomes R.
void CoordinateChange::rewriteProject() {
  for (const Chain &chain : chains) {
    Value value = latent; // what each op of the chain multiplies, the common factors left out
    for (const Chain::Link &link : chain.links) {
      if (auto softmax = dyn_cast<SoftmaxOp>(link.op)) {
        if (link.common)
          softmax.getScaleMutable().clear();
      } else if (link.common) {
        link.op->getResult(0).replaceAllUsesWith(value);
      } else {
        value = link.op->getResult(0);
      }
    }
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(clauses.project.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

/// Attach: z = c x0, with c at step 0.
void CoordinateChange::rewriteLatent() {
  clauses.latent.setDual(true);
  YieldOp yield = yieldOf(clauses.latent.getBody());
  builder.setInsertionPoint(yield);
  if (Value c = scale(yield.getLoc(), latent.getType(), /*inverse=*/false))
    yield.getValuesMutable().assign(
        arith::MulFOp::create(builder, yield.getLoc(), c, yield.getValues().front()));
}

struct ChangeCoordinate : bregman::impl::ChangeCoordinateBase<ChangeCoordinate> {
  void runOnOperation() override {
    for (auto quantizer : getOperation().getOps<QuantizerOp>())
      if (failed(CoordinateChange(quantizer).run()))
        return signalPassFailure();
  }
};

} // namespace
