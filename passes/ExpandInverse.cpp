// bregman-expand-inverse: P^-1 in the initial latent, closed or by bisection.
#include "dialect/calculus/Emit.h"
#include "dialect/calculus/Inverse.h"
#include "passes/Clauses.h"
#include "passes/Passes.h"

#include <cmath>

namespace bregman {
#define GEN_PASS_DEF_EXPANDINVERSE
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

/// Beyond this the prover takes limits, and an f32 projection has reached its bounds.
const double outermost = std::ldexp(1, 64);
const double innermost = std::ldexp(1, -100);
/// Halvings of the logarithm of |x|, then of |x| itself: together to the last bit of an f32.
constexpr int logarithmicHalvings = 16;
constexpr int linearHalvings = 16;

class InverseExpander {
public:
  InverseExpander(InverseOp op, Clauses &clauses)
      : op(op), clauses(clauses), builder(op), emit(builder, op.getLoc()), wanted(op.getOperand()),
        type(wanted.getType()) {}

  LogicalResult run();

private:
  LogicalResult check();
  /// What the projection yields where it is a softmax, else null.
  SoftmaxOp softmax() {
    return yieldOf(clauses.project.getBody()).getValues().front().getDefiningOp<SoftmaxOp>();
  }
  Value project(Value x);
  Value closed();
  Value overLevels();
  Value bisected();
  std::pair<Value, Value> bounds();
  Value inRange(Value x);
  Value constant(double value) { return emit.constant(type, value); }

  InverseOp op;
  Clauses &clauses;
  OpBuilder builder;
  Emit emit;
  Value wanted;
  Type type;
};

/// What P reads has to be known when the latent is not yet.
LogicalResult InverseExpander::check() {
  if (!clauses.project)
    return op.emitOpError("Q16: inverts `project`, and there is none");
  if (isa<VectorType>(type) && !softmax())
    return emitError(op.getLoc(), "Q7: over levels the inverse of softmax is known, and up to a "
                                  "constant; this projection is another one");
  Operation *unknown = nullptr;
  auto look = [&](Operation *inner) {
    auto reduce = dyn_cast<ReduceOp>(inner);
    if (isa<RandomOp, OptimizerStateOp, FitOp>(inner) || (reduce && reduce.getExtentAttr()))
      unknown = inner;
    for (Value operand : inner->getOperands())
      if (Operation *source = operand.getDefiningOp(); isa_and_present<StateOp, LearnOp>(source))
        unknown = source;
  };
  clauses.project.getBody().walk(look);
  if (clauses.levels)
    clauses.levels.getBody().walk(look);
  if (!unknown)
    return success();
  InFlightDiagnostic error = op.emitOpError("Q7: inverts a projection that reads what is known "
                                            "only when the latent is");
  error.attachNote(unknown->getLoc()) << "this";
  return error;
}

Value InverseExpander::project(Value x) {
  IRMapping mapping;
  mapping.map(clauses.latent.getResult(), x);
  return cloneClause(builder, clauses.project.getBody(), mapping);
}

/// Null where the calculus knows no closed inverse.
Value InverseExpander::closed() {
  // What stands for x is dead when the inverse is found.
  Value variable =
      UnrealizedConversionCastOp::create(builder, op.getLoc(), type, ValueRange()).getResult(0);
  FailureOr<Value> found = invert(builder, project(variable), variable, wanted);
  if (failed(found))
    return {};
  // Next to a bound rounding may say that it is reached.
  return emit.make<ClampOp>(sharpenLogarithms(builder, *found, wanted), constant(-outermost),
                            constant(outermost));
}

/// softmax(c x) is u at c x = log u, and at that plus any constant, of which 0 is taken. Null where
/// the calculus cannot solve for x.
Value InverseExpander::overLevels() {
  Value variable =
      UnrealizedConversionCastOp::create(builder, op.getLoc(), type, ValueRange()).getResult(0);
  auto at = project(variable).getDefiningOp<SoftmaxOp>();
  Value exponent = emit.make<math::LogOp>(wanted);
  if (Value scale = at.getScale())
    exponent = emit.div(exponent, emit.spread(scale, type));
  FailureOr<Value> found = invert(builder, at.getOperand(), variable, exponent);
  return failed(found) ? Value() : *found;
}

/// P increases strictly (rule Q7), so that the sign of x is known from P(0), and |x| lies in
/// halves, first of its logarithm, then of itself.
Value InverseExpander::bisected() {
  using P = arith::CmpFPredicate;
  Value middle = project(constant(0));
  Value isPositive = emit.compare(P::OLT, middle, wanted);
  Value sign = emit.select(isPositive, constant(1), constant(-1));
  Value target = emit.mul(sign, wanted);
  Value low = constant(std::log(innermost)), high = constant(std::log(outermost));
  auto halve = [&](bool isLogarithm) {
    Value between = emit.mul(emit.add(low, high), 0.5);
    Value size = isLogarithm ? emit.make<math::ExpOp>(between) : between;
    Value reached = emit.mul(sign, project(emit.mul(sign, size)));
    Value isBelow = emit.compare(P::OLT, reached, target);
    low = emit.select(isBelow, between, low);
    high = emit.select(isBelow, high, between);
  };
  for (int i = 0; i < logarithmicHalvings; ++i)
    halve(/*isLogarithm=*/true);
  low = emit.make<math::ExpOp>(low);
  high = emit.make<math::ExpOp>(high);
  for (int i = 0; i < linearHalvings; ++i)
    halve(/*isLogarithm=*/false);
  Value isZero = emit.compare(P::OEQ, middle, wanted);
  return emit.select(isZero, constant(0), emit.mul(sign, high));
}

/// The projection goes onto the open hull of the levels (rule Q7). Where there are none, or they
/// read the latent, its values far out stand for them.
std::pair<Value, Value> InverseExpander::bounds() {
  bool areKnown = clauses.levels && clauses.levels.getBody().getNumArguments() == 0;
  if (areKnown)
    clauses.levels.getBody().walk([&](Operation *inner) {
      areKnown &= !llvm::is_contained(inner->getOperands(), clauses.latent.getResult());
    });
  if (!areKnown)
    return {project(constant(-outermost)), project(constant(outermost))};
  hoistAbove(clauses.levels, clauses.latent);
  Value levels = clauses.levels.getResult();
  return {emit.reduce(Reduction::Min, levels), emit.reduce(Reduction::Max, levels)};
}

/// What lies on a bound of the range is infinitely far away, and what lies beyond is nowhere.
Value InverseExpander::inRange(Value x) {
  using P = arith::CmpFPredicate;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  auto [bottom, top] = bounds();
  Value nowhere = constant(std::numeric_limits<double>::quiet_NaN());
  Value above = emit.select(emit.compare(P::OEQ, wanted, top), constant(infinity), nowhere);
  Value below = emit.select(emit.compare(P::OEQ, wanted, bottom), constant(-infinity), above);
  Value isInside = emit.make<arith::AndIOp>(emit.compare(P::OGT, wanted, bottom),
                                            emit.compare(P::OLT, wanted, top));
  return emit.select(isInside, x, below);
}

LogicalResult InverseExpander::run() {
  if (failed(check()))
    return failure();
  // What the projection captures stands above the latent from now on.
  clauses.project.getBody().walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (operand != clauses.latent.getResult() && operand.getDefiningOp())
        hoistAbove(operand.getDefiningOp(), clauses.latent);
  });
  Value x = isa<VectorType>(type) ? overLevels() : closed();
  if (!x && isa<VectorType>(type))
    return emitError(op.getLoc(), "Q7: over levels softmax(c * x) is inverted, with c > 0 of the "
                                  "host; this projection has another argument");
  op.replaceAllUsesWith(isa<VectorType>(type) ? x : inRange(x ? x : bisected()));
  Block *block = op->getBlock();
  op.erase();
  eraseDead(*block);
  return success();
}

struct ExpandInverse : bregman::impl::ExpandInverseBase<ExpandInverse> {
  void runOnOperation() override {
    for (auto quantizer : getOperation().getOps<QuantizerOp>()) {
      Clauses clauses(quantizer);
      if (!clauses.latent)
        continue;
      SmallVector<InverseOp> ops;
      clauses.latent.getBody().walk([&](InverseOp op) { ops.push_back(op); });
      for (InverseOp op : ops)
        if (failed(InverseExpander(op, clauses).run()))
          return signalPassFailure();
    }
  }
};

} // namespace
