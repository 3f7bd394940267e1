// bregman-change-coordinate: agile mirror descent in the coordinate z = c P^-1(u).
#include "passes/Clauses.h"
#include "passes/Homogeneous.h"
#include "passes/HostArithmetic.h"
#include "passes/HostScalars.h"
#include "passes/Passes.h"
#include "passes/prove/Describe.h"
#include "passes/prove/Scratch.h"

namespace bregman {
#define GEN_PASS_DEF_CHANGECOORDINATE
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

class CoordinateChange {
public:
  explicit CoordinateChange(QuantizerOp quantizer)
      : clauses(quantizer), builder(quantizer.getContext()),
        latent(clauses.latent ? clauses.latent.getResult() : Value()) {}

  LogicalResult run();

private:
  LogicalResult findScale();
  void placeScale();
  LogicalResult rewriteStep();
  void rewriteProject();
  void rewriteLatent();
  void rewriteReaders();
  Value scale(Location loc, Type type, bool inverse);
  Value scaled(Location loc, Value value, bool inverse);
  void yieldDual(YieldOp yield, StringRef name, Value value);
  HostScalar times(HostArithmetic &host, HostScalar product, const HostFactor &factor,
                   IRMapping &mapping);
  HostScalar gatheredScale(HostArithmetic &host, IRMapping &mapping);
  void removeCommon(const LatentRead::Link &link);
  Value hostValue(Value source, IRMapping &mapping);

  Clauses clauses;
  OpBuilder builder;
  Value latent;
  ScaledLatent found;
  /// Where the latent is not multiplied by c alike wherever it is read.
  std::optional<Homogeneity> gathered;
  HostScalar c = 1;
  Operation *moved = nullptr; ///< z - c d
};

LogicalResult CoordinateChange::run() {
  if (!clauses.isAgile())
    return success();
  if (!clauses.step)
    return clauses.quantizer.emitOpError("has no step; `bregman-resolve-update` writes it");
  if (clauses.latent.getDual())
    return clauses.latent.emitOpError("is in the dual coordinate already");
  if (failed(findScale()))
    return failure();
  placeScale();
  if (failed(rewriteStep()))
    return failure();
  rewriteReaders();
  rewriteLatent();
  rewriteProject(); // last: the factors of c stand in it
  return success();
}

/// Rule Q13: P(x) = R(c x), c > 0, and R is free of schedules and states.
LogicalResult CoordinateChange::findScale() {
  prove::Scratch scratch(clauses.quantizer);
  auto isPositive = [&](Value host) { return scratch.isPositive(scratch.value(host)); };
  found = scaledLatent(clauses.project.getBody(), latent, isPositive);
  if (found.reads.empty())
    return clauses.project.emitOpError("Q4: does not read the latent");
  if (!found.moved)
    return success();
  gathered = homogeneityOf(clauses.project.getBody(), latent, isPositive);
  if (gathered)
    return success();
  InFlightDiagnostic error = emitError(found.moved->getLoc())
                             << "Q13: agile mirror needs P(x) = R(c x) with c > 0 and R free of "
                                "schedules, states and learned values, but R reads `"
                             << prove::describe(found.by) << "`";
  error.attachNote(found.reads.front().use->getOwner()->getLoc()) << "x is read here";
  return error;
}

/// A host value of the projection's region, made again where the builder stands.
Value CoordinateChange::hostValue(Value source, IRMapping &mapping) {
  Operation *op = source.getDefiningOp();
  if (op->getBlock() == clauses.latent->getBlock()) {
    hoistAbove(op, clauses.latent);
    return source;
  }
  if (Value known = mapping.lookupOrNull(source))
    return known;
  for (Value operand : op->getOperands())
    mapping.map(operand, hostValue(operand, mapping));
  return builder.clone(*op, mapping)->getResult(0);
}

HostScalar CoordinateChange::times(HostArithmetic &host, HostScalar product,
                                   const HostFactor &factor, IRMapping &mapping) {
  HostScalar by = factor.scalar.isLiteral() ? factor.scalar
                                            : HostScalar(hostValue(factor.scalar.value, mapping));
  return factor.divides ? host.div(product, by) : host.mul(product, by);
}

/// A product of powers.
HostScalar CoordinateChange::gatheredScale(HostArithmetic &host, IRMapping &mapping) {
  auto place = [&](Value source) { return hostValue(source, mapping); };
  HostScalar product = 1;
  for (const Homogeneity::Factor &factor : gathered->scale) {
    HostScalar by(place(factor.scalar));
    std::optional<double> number = Exponents::numberOf(factor.power);
    bool divides = number && *number < 0;
    HostScalar power = divides ? -*number : gathered->exponents.build(factor.power, host, place);
    if (!power.is(1))
      by = host.pow(by, power);
    product = divides ? host.div(product, by) : host.mul(product, by);
  }
  return product;
}

/// c, above the latent.
void CoordinateChange::placeScale() {
  builder.setInsertionPoint(clauses.latent);
  HostArithmetic host(builder, clauses.latent.getLoc());
  IRMapping mapping;
  if (gathered)
    c = gatheredScale(host, mapping);
  else
    for (const HostFactor &factor : found.scale)
      c = times(host, c, factor, mapping);
  clauses.latent.setDual(true);
  if (!c.is(1))
    clauses.latent.getScaleMutable().assign(host.number(c));
}

/// c, or its reciprocal taken in double, in the shape of `type`; null where c is 1.
Value CoordinateChange::scale(Location loc, Type type, bool inverse) {
  if (c.is(1))
    return {};
  HostArithmetic host(builder, loc);
  Value result = host.rounded(inverse ? host.div(1, c) : c);
  if (isa<VectorType>(type))
    result = vector::BroadcastOp::create(builder, loc, type, result);
  return result;
}

/// `value` times c, or over c.
Value CoordinateChange::scaled(Location loc, Value value, bool inverse) {
  Value c = scale(loc, value.getType(), inverse);
  return c ? arith::MulFOp::create(builder, loc, c, value).getResult() : value;
}

/// Where a region gives `name` a new value, that is c times it and the dual's.
void CoordinateChange::yieldDual(YieldOp yield, StringRef name, Value value) {
  SmallVector<Value> values(yield.getValues());
  SmallVector<Attribute> names(yield.getNames().begin(), yield.getNames().end());
  for (auto [index, known] : llvm::enumerate(names))
    if (cast<StringAttr>(known).getValue() == name) {
      values[index] = value;
      known = builder.getStringAttr("dual");
    }
  builder.setInsertionPoint(yield);
  YieldOp::create(builder, yield.getLoc(), values, builder.getArrayAttr(names));
  yield.erase();
}

/// y' = f(P^-1(u) - d), u' = P(y') becomes z' = c f((z - c d) / c), where f is what `every` does.
LogicalResult CoordinateChange::rewriteStep() {
  YieldOp yield = yieldOf(clauses.step.getBody());
  StringRef name = clauses.project.getName();
  Value last = yield.get(name);
  auto apply = last ? last.getDefiningOp<ApplyOp>() : nullptr;
  InverseOp inverse;
  for (auto op : clauses.step.getBody().getOps<InverseOp>())
    inverse = op;
  bool moves = apply && inverse && inverse.getOperand() == clauses.project.getResult() &&
               inverse->hasOneUse();
  auto difference = moves ? dyn_cast<arith::SubFOp>(*inverse->user_begin()) : nullptr;
  if (!difference || difference.getLhs() != inverse.getResult())
    return clauses.step.emitOpError("is not one of agile mirror descent: it has to move P^-1(u) "
                                    "and to apply P");
  Location loc = difference.getLoc();
  builder.setInsertionPoint(difference);
  Value d = scaled(loc, difference.getRhs(), /*inverse=*/false);
  Value dual = arith::SubFOp::create(builder, loc, latent, d);
  moved = dual.getDefiningOp();
  // Blocks of the step may move x on, or read it.
  bool isMovedOn = apply.getOperand() != difference.getResult();
  if (isMovedOn || !difference->hasOneUse()) {
    Value x = scaled(loc, dual, /*inverse=*/true);
    difference.getResult().replaceUsesWithIf(
        x, [&](OpOperand &use) { return isMovedOn || use.getOwner() != apply; });
  }
  if (isMovedOn) {
    builder.setInsertionPoint(apply);
    dual = scaled(apply.getLoc(), apply.getOperand(), /*inverse=*/false);
  }
  yieldDual(yield, name, dual);
  apply.erase();
  difference.erase();
  inverse.erase();
  for (auto every : clauses.quantizer.getBody().getOps<EveryOp>()) {
    YieldOp yield = yieldOf(every.getBody());
    builder.setInsertionPoint(yield);
    if (Value x = yield.get("x"))
      yieldDual(yield, "x", scaled(yield.getLoc(), x, /*inverse=*/false));
  }
  return success();
}

/// Whoever else reads x finds z / c; what only asks for a sign or an order finds z. A derivative in
/// z is 1 / c of one in x.
void CoordinateChange::rewriteReaders() {
  for (OpOperand &use : llvm::make_early_inc_range(latent.getUses())) {
    Operation *owner = use.getOwner();
    if (clauses.project->isAncestor(owner) || owner == moved ||
        isa<SignOp, SgnOp, HardmaxOp>(owner))
      continue;
    if (auto vjp = dyn_cast<VjpOp>(owner)) {
      if (vjp.getVariable())
        continue;
      builder.setInsertionPointAfter(vjp);
      Value ofLatent = scaled(vjp.getLoc(), vjp.getResult(), /*inverse=*/false);
      if (Operation *times = ofLatent.getDefiningOp(); times != vjp)
        vjp.getResult().replaceAllUsesExcept(ofLatent, times);
      continue;
    }
    builder.setInsertionPoint(owner);
    if (Value c = scale(owner->getLoc(), latent.getType(), /*inverse=*/true))
      use.set(arith::MulFOp::create(builder, owner->getLoc(), c, latent));
  }
}

/// What an op multiplies by, less what is in c.
void CoordinateChange::removeCommon(const LatentRead::Link &link) {
  builder.setInsertionPoint(link.op);
  HostArithmetic host(builder, link.op->getLoc());
  HostScalar product = 1;
  IRMapping mapping;
  for (const HostFactor &factor : link.factors)
    if (!factor.isCommon)
      product = times(host, product, factor, mapping);
  Value rest = host.rounded(product);
  if (auto softmax = dyn_cast<SoftmaxOp>(link.op)) {
    softmax.getScaleMutable().assign(rest);
    return;
  }
  Type type = link.op->getResult(0).getType();
  if (isa<VectorType>(type))
    rest = vector::BroadcastOp::create(builder, link.op->getLoc(), type, rest);
  unsigned by = hostScalarOf(link.op->getOperand(0)) ? 0 : 1;
  link.op->setOperand(by, rest);
}

/// P becomes R.
void CoordinateChange::rewriteProject() {
  if (gathered) {
    writeAtOne(clauses.project.getBody(), gathered->ones);
    eraseDead(clauses.project.getBody().front());
    return;
  }
  for (const LatentRead &read : found.reads) {
    Value value = latent; // what each op of the read multiplies, the common factors left out
    for (const LatentRead::Link &link : read.links) {
      bool some = llvm::any_of(link.factors, [](const HostFactor &f) { return f.isCommon; });
      if (auto softmax = dyn_cast<SoftmaxOp>(link.op); softmax && link.isCommon()) {
        softmax.getScaleMutable().clear();
      } else if (link.isCommon()) {
        link.op->getResult(0).replaceAllUsesWith(value);
      } else {
        if (some)
          removeCommon(link);
        value = link.op->getResult(0);
      }
    }
  }
  eraseDead(clauses.project.getBody().front());
}

/// Attach: z = c x0, with c at step 0.
void CoordinateChange::rewriteLatent() {
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
