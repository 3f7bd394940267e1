// bregman-expand-prox: the proximal step of a sum of abs and squares, in closed form.
#include "passes/Clauses.h"
#include "passes/Passes.h"
#include "passes/ScaledLatent.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace bregman {
#define GEN_PASS_DEF_EXPANDPROX
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

/// weight |x - point| or weight (x - point)^2. The point is a host scalar or, where `center` is
/// set, that value of the clause: the level nearest to the incoming x, or what has none of x in it.
struct Term {
  HostScalar weight, point;
  Value center;
};

/// scale x + offset, or scale (x - center).
struct Affine {
  HostScalar scale, offset;
  Value center;
};

class ProxExpander {
public:
  ProxExpander(ProximalOp op, Clauses &clauses)
      : op(op), clauses(clauses), prox(clauses.prox), latent(clauses.latent.getResult()),
        builder(op), host(builder, clauses.prox.getLoc()) {}

  LogicalResult run();

private:
  LogicalResult collect(Value e, HostScalar weight);
  LogicalResult collectTerm(SmallVectorImpl<Term> &terms, Value t, HostScalar weight, bool square);
  std::optional<Affine> affine(Value t);
  std::optional<HostScalar> scalar(Value value);
  LogicalResult refuse(Value e);
  void mergePoints();
  bool isCenter(Value value);
  bool isFree(Value value);
  /// The clause's value at the incoming x.
  Value centerOf(const Term &term) { return mapping.lookupOrDefault(term.center); }
  Value smooth(HostScalar strength, HostScalar &shrink);
  Value threshold(Value v);
  Value thresholdInAnyOrder(Value v);
  bool isOrdered() const;

  template <typename Op> Value emit(Value a, Value b) {
    return Op::create(builder, prox.getLoc(), a, b);
  }

  ProximalOp op;
  Clauses &clauses;
  ProxOp prox;
  Value latent;
  OpBuilder builder;
  HostArithmetic host;
  IRMapping mapping; ///< the clause at the incoming x; what is not read falls away again
  SmallVector<Term> kinks, squares;
};

LogicalResult ProxExpander::refuse(Value e) {
  return emitError(e.getLoc(), "Q8: the proximal step is known for nonnegative sums of abs and "
                               "square of x - a, or of x - nearest(x); not for this term");
}

/// The host scalar behind an f32 value of the clause.
std::optional<HostScalar> ProxExpander::scalar(Value value) {
  std::optional<HostScalar> found = hostScalarOf(value);
  if (found && !found->isLiteral())
    found->value = mapping.lookupOrDefault(found->value);
  return found;
}

/// Whether x may be pulled to it: the nearest level, or a value that has no part of x.
bool ProxExpander::isCenter(Value value) {
  if (auto nearest = value.getDefiningOp<NearestOp>(); nearest && nearest.getOperand() == latent)
    return true;
  return value.getType().isF32() && isFree(value);
}

bool ProxExpander::isFree(Value value) {
  Operation *def = value.getDefiningOp();
  if (value == latent || isa_and_present<ProjectOp, WeightOp>(def))
    return false;
  bool isOfClause = def && def->getBlock() == &prox.getBody().front();
  return !isOfClause ||
         llvm::all_of(def->getOperands(), [&](Value operand) { return isFree(operand); });
}

std::optional<Affine> ProxExpander::affine(Value t) {
  if (t == latent)
    return Affine{1, 0, {}};
  Operation *def = t.getDefiningOp();
  auto scaled = [&](std::optional<Affine> a, HostScalar by) {
    if (a) {
      a->scale = host.mul(a->scale, by);
      a->offset = host.mul(a->offset, by);
    }
    return a;
  };
  auto shifted = [&](std::optional<Affine> a, HostScalar by) -> std::optional<Affine> {
    if (!a || a->center)
      return std::nullopt;
    a->offset = host.add(a->offset, by);
    return a;
  };
  if (isa_and_present<arith::NegFOp>(def))
    return scaled(affine(def->getOperand(0)), -1);
  if (!isa_and_present<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(def))
    return std::nullopt;
  Value a = def->getOperand(0), b = def->getOperand(1);
  if (isa<arith::SubFOp>(def)) {
    bool swapped = b == latent && a != latent;
    Value center = swapped ? a : b;
    if (!scalar(center) && isCenter(center) && (swapped || a == latent))
      return Affine{swapped ? -1 : 1, 0, center};
  }
  if (std::optional<HostScalar> k = scalar(b)) {
    if (isa<arith::AddFOp>(def))
      return shifted(affine(a), *k);
    if (isa<arith::SubFOp>(def))
      return shifted(affine(a), host.neg(*k));
    return scaled(affine(a), isa<arith::MulFOp>(def) ? *k : host.div(1, *k));
  }
  std::optional<HostScalar> k = scalar(a);
  if (!k || isa<arith::DivFOp>(def))
    return std::nullopt;
  if (isa<arith::AddFOp>(def))
    return shifted(affine(b), *k);
  if (isa<arith::SubFOp>(def))
    return shifted(scaled(affine(b), -1), *k);
  return scaled(affine(b), *k);
}

/// weight |s (x - p)|^(1 or 2) is weight |s|^(1 or 2) |x - p|^(1 or 2).
LogicalResult ProxExpander::collectTerm(SmallVectorImpl<Term> &terms, Value t, HostScalar weight,
                                        bool square) {
  std::optional<Affine> form = affine(t);
  if (!form || form->scale.is(0))
    return refuse(t);
  HostScalar scale = square ? host.mul(form->scale, form->scale) : host.abs(form->scale);
  HostScalar point = 0;
  if (!form->offset.is(0))
    point = host.div(host.neg(form->offset), form->scale);
  terms.push_back({host.mul(weight, scale), point, form->center});
  return success();
}

LogicalResult ProxExpander::collect(Value e, HostScalar weight) {
  if (scalar(e))
    return success(); // a constant moves no minimum
  Operation *def = e.getDefiningOp();
  FloatAttr exponent;
  if (auto add = dyn_cast_or_null<arith::AddFOp>(def))
    return success(succeeded(collect(add.getLhs(), weight)) &&
                   succeeded(collect(add.getRhs(), weight)));
  if (auto sub = dyn_cast_or_null<arith::SubFOp>(def))
    return success(succeeded(collect(sub.getLhs(), weight)) &&
                   succeeded(collect(sub.getRhs(), host.neg(weight))));
  if (auto negated = dyn_cast_or_null<arith::NegFOp>(def))
    return collect(negated.getOperand(), host.neg(weight));
  if (auto abs = dyn_cast_or_null<math::AbsFOp>(def))
    return collectTerm(kinks, abs.getOperand(), weight, /*square=*/false);
  if (auto power = dyn_cast_or_null<math::PowFOp>(def);
      power && matchPattern(power.getRhs(), m_Constant(&exponent)) &&
      exponent.getValueAsDouble() == 2)
    return collectTerm(squares, power.getLhs(), weight, /*square=*/true);
  if (!isa_and_present<arith::MulFOp, arith::DivFOp>(def))
    return refuse(e);

  SmallVector<Value> factors;
  for (Value open = e; open;) {
    Operation *product = open.getDefiningOp();
    if (!isa_and_present<arith::MulFOp, arith::DivFOp>(product)) {
      factors.push_back(open);
      break;
    }
    Value a = product->getOperand(0), b = product->getOperand(1);
    bool divides = isa<arith::DivFOp>(product);
    std::optional<HostScalar> factor = scalar(b);
    if (!factor && !divides) {
      factor = scalar(a);
      if (factor)
        std::swap(a, b);
    }
    if (factor)
      weight = host.mul(weight, divides ? host.div(1, *factor) : *factor);
    else if (divides)
      return refuse(e);
    else
      factors.push_back(b);
    open = a;
  }
  if (factors.size() == 1)
    return collect(factors[0], weight);
  if (factors.size() != 2 || !isSame(factors[0], factors[1]))
    return refuse(e);
  auto abs = factors[0].getDefiningOp<math::AbsFOp>();
  return collectTerm(squares, abs ? abs.getOperand() : factors[0], weight, /*square=*/true);
}

/// Kinks at one point are one kink.
void ProxExpander::mergePoints() {
  auto isSame = [](const Term &a, const Term &b) {
    if (!a.center || !b.center)
      return !a.center && !b.center && a.point == b.point;
    auto one = a.center.getDefiningOp<NearestOp>(), other = b.center.getDefiningOp<NearestOp>();
    return a.center == b.center || (one && other && one.getLevels() == other.getLevels());
  };
  SmallVector<Term> merged;
  for (Term &kink : kinks) {
    auto same = llvm::find_if(merged, [&](Term &other) { return isSame(kink, other); });
    if (same == merged.end())
      merged.push_back(kink);
    else
      same->weight = host.add(same->weight, kink.weight);
  }
  kinks = std::move(merged);
  if (isOrdered())
    llvm::sort(kinks,
               [](const Term &a, const Term &b) { return a.point.literal < b.point.literal; });
}

/// Several points have an order here if they are literals.
bool ProxExpander::isOrdered() const {
  return kinks.size() < 2 ||
         llvm::all_of(
             kinks, [](const Term &kink) { return !kink.center && kink.point.isLiteral(); });
}

/// The squares alone: v = (x + sum 2 b_j c_j) s with s = 1 / (1 + 2 sum b_j).
Value ProxExpander::smooth(HostScalar strength, HostScalar &shrink) {
  HostScalar total = 0, pull = 0;
  Value v = op.getOperand();
  for (const Term &square : squares) {
    HostScalar twice = host.mul(2, host.mul(strength, square.weight));
    total = host.add(total, twice);
    if (square.center)
      v = emit<arith::AddFOp>(v, emit<arith::MulFOp>(host.rounded(twice), centerOf(square)));
    else if (!square.point.is(0))
      pull = host.add(pull, host.mul(twice, square.point));
  }
  if (!pull.is(0))
    v = emit<arith::AddFOp>(v, host.rounded(pull));
  if (total.is(0))
    return v;
  shrink = host.div(1, host.add(1, total));
  return emit<arith::MulFOp>(v, host.rounded(shrink));
}

/// argmin_y (y - v)^2 / 2 + sum_i a_i |y - p_i| with p_1 < ... < p_n is
/// min(v + t_0, max(p_1, min(v + t_1, ... max(p_n, v + t_n)))), t_i = sum_{j>i} a_j - sum_{j<=i}
/// a_j.
Value ProxExpander::threshold(Value v) {
  if (kinks.empty())
    return v;
  if (!isOrdered())
    return thresholdInAnyOrder(v);
  auto pointOf = [&](const Term &kink) {
    return kink.center ? centerOf(kink) : host.rounded(kink.point);
  };
  if (kinks.size() == 1) { // both shifts are the same number
    Value a = host.rounded(kinks.front().weight);
    Value y = emit<arith::MaximumFOp>(pointOf(kinks.front()), emit<arith::SubFOp>(v, a));
    return emit<arith::MinimumFOp>(emit<arith::AddFOp>(v, a), y);
  }
  HostScalar shift = 0;
  for (const Term &kink : kinks)
    shift = host.add(shift, host.neg(kink.weight));
  Value y = emit<arith::AddFOp>(v, host.rounded(shift));
  for (const Term &kink : llvm::reverse(kinks)) {
    shift = host.add(shift, host.mul(2, kink.weight));
    y = emit<arith::MaximumFOp>(pointOf(kink), y);
    y = emit<arith::MinimumFOp>(emit<arith::AddFOp>(v, host.rounded(shift)), y);
  }
  return y;
}

/// The same, with points and weights put in order weight by weight: odd-even transposition, which
/// is straight-line.
Value ProxExpander::thresholdInAnyOrder(Value v) {
  SmallVector<Value> points, weights;
  for (const Term &kink : kinks) {
    points.push_back(kink.center ? centerOf(kink) : host.rounded(kink.point));
    weights.push_back(host.rounded(kink.weight));
  }
  Location loc = prox.getLoc();
  for (size_t round = 0; round < points.size(); ++round)
    for (size_t i = round % 2; i + 1 < points.size(); i += 2) {
      Value inOrder =
          arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLE, points[i], points[i + 1]);
      for (SmallVector<Value> *row : {&points, &weights}) {
        Value low = (*row)[i], high = (*row)[i + 1];
        (*row)[i] = arith::SelectOp::create(builder, loc, inOrder, low, high);
        (*row)[i + 1] = arith::SelectOp::create(builder, loc, inOrder, high, low);
      }
    }
  Value y = v;
  for (Value weight : weights)
    y = emit<arith::SubFOp>(y, weight);
  for (size_t i = points.size(); i-- > 0;) {
    y = emit<arith::MaximumFOp>(points[i], y);
    Value moved = v; // by the weights above less those below
    for (size_t j = 0; j < points.size(); ++j)
      moved =
          j < i ? emit<arith::SubFOp>(moved, weights[j]) : emit<arith::AddFOp>(moved, weights[j]);
    y = emit<arith::MinimumFOp>(moved, y);
  }
  return y;
}

LogicalResult ProxExpander::run() {
  std::optional<HostScalar> strength = hostScalarOf(op.getStrength());
  if (!strength)
    return op.emitOpError("expects its strength to be a host scalar");
  mapping.map(latent, op.getOperand());
  // Learned values have moved by now.
  if (auto step = dyn_cast<StepOp>(op->getParentOp()))
    for (LearnOp learned : clauses.learned)
      if (Value moved = yieldOf(step.getBody()).get(learned.getName()))
        mapping.map(learned.getResult(), moved);
  cloneBody(builder, prox.getBody(), mapping);
  if (failed(collect(yieldOf(prox.getBody()).getValues().front(), 1)))
    return failure();
  mergePoints();
  // What rule Q8 proves of the terms, seen of those that are numbers.
  HostScalar ofSquares = 0;
  for (const Term &square : squares)
    ofSquares = host.add(ofSquares, square.weight);
  auto isNegative = [](const HostScalar &weight) {
    return weight.isLiteral() && weight.literal < 0;
  };
  if (isNegative(ofSquares) ||
      llvm::any_of(kinks, [&](const Term &kink) { return isNegative(kink.weight); }))
    return refuse(prox.getBody().front().getTerminator()->getOperand(0));
  HostScalar shrink = 1;
  Value v = smooth(*strength, shrink);
  for (Term &kink : kinks)
    kink.weight = host.mul(host.mul(*strength, kink.weight), shrink);
  op.replaceAllUsesWith(threshold(v));
  Block *block = op->getBlock();
  op.erase();
  eraseDead(*block);
  return success();
}

struct ExpandProx : bregman::impl::ExpandProxBase<ExpandProx> {
  void runOnOperation() override {
    for (auto quantizer : getOperation().getOps<QuantizerOp>()) {
      Clauses clauses(quantizer);
      SmallVector<ProximalOp> ops;
      quantizer.walk([&](ProximalOp op) { ops.push_back(op); });
      for (ProximalOp op : ops) {
        if (!clauses.prox) {
          op.emitOpError("stands in a quantizer without `prox`");
          return signalPassFailure();
        }
        if (failed(ProxExpander(op, clauses).run()))
          return signalPassFailure();
      }
    }
  }
};

} // namespace
