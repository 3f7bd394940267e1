// bregman-expand-prox: the proximal step of a sum of abs and squares, in closed form.
#include "passes/Clauses.h"
#include "passes/Coefficient.h"
#include "passes/Passes.h"
#include "passes/ProxTerms.h"
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

/// weight |x - point| or weight (x - point)^2.
struct Pull {
  Coefficient weight, point;
};

class ProxExpander {
public:
  ProxExpander(ProximalOp op, Clauses &clauses)
      : op(op), clauses(clauses), prox(clauses.prox), latent(clauses.latent.getResult()),
        builder(op), numbers(builder, clauses.prox.getLoc()) {}

  LogicalResult run();

private:
  bool dependsOnLatent(Value value);
  Coefficient numberOf(ProxNumber number);
  Coefficient computed(ProxNumber number);
  void addPull(const ProxTerm &term);
  LogicalResult checkWeights(Value clause);
  void mergeKinks();
  bool isOrdered() const;
  void sortKinks();
  Value move(Value x, const Coefficient &strength);
  Value smooth(Value x, const Coefficient &strength, Coefficient &shrink);
  Value threshold(Value v, const Coefficient &strength);
  LogicalResult refuse(Value e);

  template <typename Op> Value emit(Value a, Value b) {
    return Op::create(builder, prox.getLoc(), a, b);
  }

  ProximalOp op;
  Clauses &clauses;
  ProxOp prox;
  Value latent;
  OpBuilder builder;
  CoefficientArithmetic numbers;
  llvm::DenseMap<Value, bool> ofLatent;
  llvm::DenseMap<std::pair<Value, unsigned>, Coefficient> seen;
  IRMapping mapping; ///< the clause at the incoming x; what is not read falls away again
  SmallVector<Pull> kinks, squares; ///< of one level where the latent has several
};

LogicalResult ProxExpander::refuse(Value e) {
  return emitError(e.getLoc(), "Q8: the proximal step is known for nonnegative sums of abs and "
                               "square of x - a, or of x - nearest(x); not for this term");
}

/// Weights share what is reduced over them, and x has a part in that, too.
bool ProxExpander::dependsOnLatent(Value value) {
  Operation *def = value.getDefiningOp();
  if (value == latent || isa_and_present<ProjectOp, WeightOp>(def))
    return true;
  if (!def || def->getBlock() != &prox.getBody().front())
    return false;
  if (auto known = ofLatent.find(value); known != ofLatent.end())
    return known->second;
  bool depends =
      llvm::any_of(def->getOperands(), [&](Value operand) { return dependsOnLatent(operand); });
  return ofLatent[value] = depends;
}

/// A host scalar where all that it is computed of is the host's, else the value at the incoming x.
Coefficient ProxExpander::numberOf(ProxNumber number) {
  auto [known, isNew] = seen.try_emplace({number.value, number.level}, 0);
  if (isNew) {
    Coefficient made = computed(number);
    seen.find({number.value, number.level})->second = made;
    return made;
  }
  return known->second;
}

Coefficient ProxExpander::computed(ProxNumber number) {
  Value value = number.value;
  if (std::optional<HostScalar> host = hostScalarOf(value)) {
    if (!host->isLiteral())
      host->value = mapping.lookupOrDefault(host->value);
    return *host;
  }
  Operation *def = value.getDefiningOp();
  Attribute constant;
  if (auto levels = dyn_cast_or_null<LevelsOp>(def);
      levels && levels.getBody().getNumArguments() == 0)
    matchPattern(yieldOf(levels.getBody()).getValues().front(), m_Constant(&constant));
  else
    matchPattern(value, m_Constant(&constant));
  if (auto row = dyn_cast_or_null<DenseFPElementsAttr>(constant))
    return double(row.getValues<float>()[number.level]);
  if (auto elements = dyn_cast_or_null<vector::FromElementsOp>(def))
    return numberOf({elements.getElements()[number.level]});
  if (auto broadcast = dyn_cast_or_null<vector::BroadcastOp>(def))
    return numberOf({broadcast.getSource(), number.level});
  if (isa_and_present<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(def)) {
    Coefficient a = numberOf({def->getOperand(0), number.level}),
                b = numberOf({def->getOperand(1), number.level});
    if (a.isHost() && b.isHost())
      return isa<arith::AddFOp>(def)   ? numbers.add(a, b)
             : isa<arith::SubFOp>(def) ? numbers.sub(a, b)
             : isa<arith::MulFOp>(def) ? numbers.mul(a, b)
                                       : numbers.div(a, b);
  }
  Value mapped = mapping.lookupOrDefault(value);
  if (isa<VectorType>(mapped.getType()))
    mapped =
        vector::ExtractOp::create(builder, prox.getLoc(), mapped, ArrayRef<int64_t>{number.level});
  return Coefficient(mapped);
}

/// weight |s (x - p)|^(1 or 2) is weight |s|^(1 or 2) |x - p|^(1 or 2).
void ProxExpander::addPull(const ProxTerm &term) {
  Coefficient weight = term.sign, scale = 1, point = 0;
  for (const ProxTerm::Factor &factor : term.weight) {
    Coefficient by = numberOf(factor.number);
    weight = factor.divides ? numbers.div(weight, by) : numbers.mul(weight, by);
  }
  if (NearestOp nearest = term.nearest)
    point = Coefficient(mapping.lookupOrDefault(nearest.getResult()));
  using Kind = ProxTerm::Step::Kind;
  Coefficient divisor = 1; // s is scale / divisor: x / a - 1 has the point a as it is
  for (const ProxTerm::Step &step : term.steps) {
    if (step.kind == Kind::Negate) {
      scale = numbers.neg(scale);
      continue;
    }
    Coefficient by = numberOf(step.number);
    if (step.kind == Kind::Multiply) {
      scale = numbers.mul(scale, by);
    } else if (step.kind == Kind::Divide) {
      divisor = numbers.mul(divisor, by);
    } else {
      Coefficient shift = numbers.div(numbers.mul(by, divisor), scale);
      point = step.kind == Kind::Add ? numbers.sub(point, shift) : numbers.add(point, shift);
    }
  }
  scale = numbers.div(scale, divisor);
  weight = numbers.mul(weight, term.isSquare ? numbers.mul(scale, scale) : numbers.abs(scale));
  if (!weight.is(0))
    (term.isSquare ? squares : kinks).push_back({weight, point});
}

/// What rule Q8 proves of the terms, seen of those that are numbers.
LogicalResult ProxExpander::checkWeights(Value clause) {
  Coefficient ofSquares = 0;
  for (const Pull &square : squares)
    ofSquares = numbers.add(ofSquares, square.weight);
  auto isNegative = [](const Coefficient &weight) {
    return weight.isLiteral() && weight.host.literal < 0;
  };
  if (isNegative(ofSquares) ||
      llvm::any_of(kinks, [&](const Pull &kink) { return isNegative(kink.weight); }))
    return refuse(clause);
  return success();
}

/// Kinks at one point are one kink; those at numbers are put in order.
void ProxExpander::mergeKinks() {
  auto isSamePoint = [](const Coefficient &a, const Coefficient &b) {
    if (a.isLiteral() || b.isLiteral() || a.isHost() != b.isHost())
      return a == b;
    return a.isHost() ? isSame(a.host.value, b.host.value) : isSame(a.value, b.value);
  };
  SmallVector<Pull> merged;
  for (Pull &kink : kinks) {
    auto same =
        llvm::find_if(merged, [&](Pull &other) { return isSamePoint(kink.point, other.point); });
    if (same == merged.end())
      merged.push_back(kink);
    else
      same->weight = numbers.add(same->weight, kink.weight);
  }
  kinks = std::move(merged);
  llvm::erase_if(kinks, [](const Pull &kink) { return kink.weight.is(0); });
  if (isOrdered())
    llvm::sort(kinks, [](const Pull &a, const Pull &b) {
      return a.point.host.literal < b.point.host.literal;
    });
}

/// Several points have an order here if they are literals.
bool ProxExpander::isOrdered() const {
  return kinks.size() < 2 ||
         llvm::all_of(kinks, [](const Pull &kink) { return kink.point.isLiteral(); });
}

/// The squares alone: v = (x + sum 2 b_j c_j) s with s = 1 / (1 + 2 sum b_j).
Value ProxExpander::smooth(Value x, const Coefficient &strength, Coefficient &shrink) {
  Coefficient total = 0, pull = 0;
  auto twice = [&](const Coefficient &b) { return numbers.mul(2, numbers.mul(strength, b)); };
  Value v = x;
  for (const Pull &square : squares) {
    total = numbers.add(total, square.weight);
    if (square.point.is(0))
      continue;
    if (square.point.isHost())
      pull = numbers.add(pull, numbers.mul(square.weight, square.point));
    else
      v = emit<arith::AddFOp>(v, emit<arith::MulFOp>(numbers.rounded(twice(square.weight)),
                                                     numbers.rounded(square.point)));
  }
  if (!pull.is(0))
    v = emit<arith::AddFOp>(v, numbers.rounded(twice(pull)));
  if (total.is(0))
    return v;
  shrink = numbers.div(1, numbers.add(1, twice(total)));
  return emit<arith::MulFOp>(v, numbers.rounded(shrink));
}

/// Puts points that only the weights know in order, weight by weight, and what they weigh with
/// them: Batcher's odd-even merge sort, which is straight-line.
void ProxExpander::sortKinks() {
  Location loc = prox.getLoc();
  bool weighAlike =
      llvm::all_of(kinks, [&](const Pull &kink) { return kink.weight == kinks.front().weight; });
  auto sortPair = [&](Pull &first, Pull &second) {
    Value a = numbers.rounded(first.point), b = numbers.rounded(second.point);
    if (weighAlike) {
      first.point = Coefficient(emit<arith::MinimumFOp>(a, b));
      second.point = Coefficient(emit<arith::MaximumFOp>(a, b));
      return;
    }
    Value inOrder = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLE, a, b);
    auto choose = [&](Value low, Value high) -> Coefficient {
      return Coefficient(arith::SelectOp::create(builder, loc, inOrder, low, high).getResult());
    };
    Value atA = numbers.rounded(first.weight), atB = numbers.rounded(second.weight);
    first = {choose(atA, atB), choose(a, b)};
    second = {choose(atB, atA), choose(b, a)};
  };
  size_t n = kinks.size();
  for (size_t run = 1; run < n; run *= 2)
    for (size_t apart = run; apart >= 1; apart /= 2)
      for (size_t from = apart % run; from + apart < n; from += 2 * apart)
        for (size_t i = from; i < std::min(from + apart, n - apart); ++i)
          if (i / (2 * run) == (i + apart) / (2 * run))
            sortPair(kinks[i], kinks[i + apart]);
}

/// argmin_y (y - v)^2 / 2 + sum_i a_i |y - p_i| with p_1 < ... < p_n is
/// min(v + t_0, max(p_1, min(v + t_1, ... max(p_n, v + t_n)))), t_i = sum_{j>i} a_j - sum_{j<=i}
/// a_j, with a_i = `strength` times the weights.
Value ProxExpander::threshold(Value v, const Coefficient &strength) {
  if (kinks.empty())
    return v;
  auto times = [&](const Coefficient &a) { return numbers.rounded(numbers.mul(strength, a)); };
  auto pointOf = [&](const Pull &kink) { return numbers.rounded(kink.point); };
  if (kinks.size() == 1) { // both shifts are the same number
    Value a = times(kinks.front().weight);
    Value y = emit<arith::MaximumFOp>(pointOf(kinks.front()), emit<arith::SubFOp>(v, a));
    return emit<arith::MinimumFOp>(emit<arith::AddFOp>(v, a), y);
  }
  if (!isOrdered())
    sortKinks();
  Coefficient shift = 0;
  auto shifted = [&] { return shift.is(0) ? v : emit<arith::AddFOp>(v, times(shift)); };
  for (const Pull &kink : kinks)
    shift = numbers.sub(shift, kink.weight);
  Value y = shifted();
  for (const Pull &kink : llvm::reverse(kinks)) {
    shift = numbers.add(shift, numbers.mul(2, kink.weight));
    y = emit<arith::MaximumFOp>(pointOf(kink), y);
    y = emit<arith::MinimumFOp>(shifted(), y);
  }
  return y;
}

Value ProxExpander::move(Value x, const Coefficient &strength) {
  Coefficient shrink = 1;
  Value v = smooth(x, strength, shrink);
  return threshold(v, numbers.mul(strength, shrink));
}

LogicalResult ProxExpander::run() {
  std::optional<HostScalar> strength = hostScalarOf(op.getStrength());
  if (!strength)
    return op.emitOpError("expects its strength to be a host scalar");
  Value clause = yieldOf(prox.getBody()).getValues().front();
  ProxTerms all =
      proxTerms(clause, latent, [&](Value value) { return dependsOnLatent(value); }, isSame);
  if (all.refused)
    return refuse(all.refused);
  mapping.map(latent, op.getOperand());
  // Learned values have moved by now.
  if (auto step = dyn_cast<StepOp>(op->getParentOp()))
    for (LearnOp learned : clauses.learned)
      if (Value moved = yieldOf(step.getBody()).get(learned.getName()))
        mapping.map(learned.getResult(), moved);
  cloneBody(builder, prox.getBody(), mapping);

  auto row = dyn_cast<VectorType>(latent.getType());
  SmallVector<Value> moved;
  for (unsigned level = 0; level < levelCount(latent.getType()); ++level) {
    kinks.clear();
    squares.clear();
    for (const ProxTerm &term : all.terms)
      if (term.level == level)
        addPull(term);
    mergeKinks();
    if (failed(checkWeights(clause)))
      return failure();
    Value x = op.getOperand();
    if (row)
      x = vector::ExtractOp::create(builder, prox.getLoc(), x, ArrayRef<int64_t>{level});
    moved.push_back(move(x, *strength));
  }
  op.replaceAllUsesWith(row ? vector::FromElementsOp::create(builder, prox.getLoc(), row, moved)
                            : moved.front());
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
