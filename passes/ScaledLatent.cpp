// Recognition of P(x) = R(c x).
#include "passes/ScaledLatent.h"

#include "passes/Clauses.h"
#include "passes/HostScalars.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace bregman;

bool LatentRead::Link::isCommon() const {
  return !factors.empty() &&
         llvm::all_of(factors, [](const HostFactor &factor) { return factor.isCommon; });
}

bool bregman::isSame(Value a, Value b) {
  Operation *one = a.getDefiningOp(), *other = b.getDefiningOp();
  return a == b || (one && other && one->getNumRegions() == 0 &&
                    OperationEquivalence::isEquivalentTo(
                        one, other, [](Value a, Value b) { return success(isSame(a, b)); },
                        /*markEquivalent=*/nullptr, OperationEquivalence::IgnoreLocations));
}

static bool isSameFactor(const HostFactor &a, const HostFactor &b) {
  if (a.divides != b.divides)
    return false;
  return a.scalar.isLiteral() || b.scalar.isLiteral() ? a.scalar == b.scalar
                                                      : isSame(a.scalar.value, b.scalar.value);
}

/// The factors of a host product.
static void split(const HostScalar &scalar, bool divides, SmallVectorImpl<HostFactor> &factors) {
  Operation *op = scalar.isLiteral() ? nullptr : scalar.value.getDefiningOp();
  if (op && isa<arith::MulFOp, arith::DivFOp>(op)) {
    split(HostScalar(op->getOperand(0)), divides, factors);
    split(HostScalar(op->getOperand(1)), divides != isa<arith::DivFOp>(op), factors);
  } else if (op && isa<arith::NegFOp>(op)) {
    factors.push_back({HostScalar(-1.0)});
    split(HostScalar(op->getOperand(0)), divides, factors);
  } else if (!scalar.is(1)) {
    factors.push_back({scalar, divides});
  }
}

static bool isZero(Value value) {
  return matchPattern(value, m_AnyZeroFloat()) || matchPattern(value, m_NegZeroFloat());
}

static LatentRead follow(OpOperand &use) {
  LatentRead read{&use, {}};
  Value value = use.get();
  Operation *op = use.getOwner();
  while (true) {
    std::optional<HostScalar> scalar;
    bool passes = isa<math::AbsFOp, arith::NegFOp>(op);
    if (isa<arith::MulFOp>(op))
      scalar = hostScalarOf(op->getOperand(op->getOperand(0) == value ? 1 : 0));
    else if (auto softmax = dyn_cast<SoftmaxOp>(op); softmax && softmax.getScale())
      scalar = hostScalarOf(softmax.getScale());
    else if (auto compare = dyn_cast<arith::CmpFOp>(op))
      read.isOfSign = isZero(compare.getRhs()) || isZero(compare.getLhs());
    read.isOfSign |= isa<SignOp, SgnOp>(op);
    if (!scalar && !passes)
      return read;
    LatentRead::Link link{op};
    if (scalar) {
      link.scalar = *scalar;
      split(*scalar, /*divides=*/false, link.factors);
    }
    read.links.push_back(link);
    if (isa<SoftmaxOp>(op) || !op->getResult(0).hasOneUse())
      return read;
    value = op->getResult(0);
    op = *value.user_begin();
  }
}

Value bregman::movingPart(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return {};
  if (auto counter = dyn_cast<CounterOp>(op))
    return counter.getKind() == Counter::Step || counter.getKind() == Counter::Epoch ? value
                                                                                     : Value();
  if (isa<StateOp, LearnOp, RandomOp, OptimizerStateOp>(op))
    return value;
  if (auto schedule = dyn_cast<ScheduleOp>(op))
    return movingPart(yieldOf(schedule.getBody()).getValues().front()) ? value : Value();
  if (auto levels = dyn_cast<LevelsOp>(op))
    return movingPart(yieldOf(levels.getBody()).getValues().front());
  if (isa<LatentOp>(op) || op->getNumRegions())
    return {};
  for (Value operand : op->getOperands())
    if (Value part = movingPart(operand))
      return part;
  return {};
}

/// The rest R: whatever is neither host arithmetic nor an op all of whose factors are in c.
static void findMoved(Region &body, ScaledLatent &found) {
  DenseMap<Operation *, const LatentRead::Link *> links;
  for (const LatentRead &read : found.reads)
    for (const LatentRead::Link &link : read.links)
      links[link.op] = &link;
  for (Operation &op : body.front()) {
    bool isHostArithmetic = isa<arith::TruncFOp, vector::BroadcastOp>(op) ||
                            (op.getNumResults() == 1 && isHost(op.getResult(0)));
    if (isHostArithmetic)
      continue;
    if (auto link = links.lookup(&op); link && !link->factors.empty()) {
      for (const HostFactor &factor : link->factors)
        if (Value part = factor.isCommon || factor.scalar.isLiteral()
                             ? Value()
                             : movingPart(factor.scalar.value)) {
          found.moved = &op;
          found.by = part;
          return;
        }
      continue;
    }
    for (Value operand : op.getOperands()) {
      Operation *source = operand.getDefiningOp();
      // What another op of the body computes is that op's to answer for.
      bool isOfBody = source && source->getParentRegion() == &body &&
                      !isa<arith::TruncFOp, vector::BroadcastOp>(source) && !isHost(operand);
      if (Value part = isOfBody ? Value() : movingPart(operand)) {
        found.moved = &op;
        found.by = part;
        return;
      }
    }
  }
}

ScaledLatent bregman::scaledLatent(Region &body, Value latent,
                                   llvm::function_ref<bool(Value)> isPositive) {
  ScaledLatent found;
  for (OpOperand &use : latent.getUses())
    if (body.isAncestor(use.getOwner()->getParentRegion()))
      found.reads.push_back(follow(use));
  // In the order of the text: the list of uses is in none.
  llvm::sort(found.reads, [](const LatentRead &a, const LatentRead &b) {
    Operation *one = a.use->getOwner(), *other = b.use->getOwner();
    return one == other ? a.use->getOperandNumber() < b.use->getOperandNumber()
                        : one->isBeforeInBlock(other);
  });
  auto mayBeCommon = [&](const HostFactor &factor) {
    return factor.scalar.isLiteral() ? factor.scalar.literal > 0 : isPositive(factor.scalar.value);
  };
  LatentRead *first = llvm::find_if(found.reads, [](LatentRead &r) { return !r.isOfSign; });
  bool onlySigns = first == found.reads.end();
  SmallVector<LatentRead::Link, 2> none;
  for (LatentRead::Link &link : onlySigns ? none : first->links)
    for (HostFactor &factor : link.factors) {
      if (factor.isCommon || !mayBeCommon(factor))
        continue;
      SmallVector<HostFactor *> same;
      unsigned reads = 0;
      for (LatentRead &read : found.reads) {
        if (read.isOfSign)
          continue;
        ++reads;
        HostFactor *match = nullptr;
        for (LatentRead::Link &other : read.links)
          for (HostFactor &candidate : other.factors)
            if (!match && !candidate.isCommon && isSameFactor(candidate, factor))
              match = &candidate;
        if (match)
          same.push_back(match);
      }
      if (same.size() != reads)
        continue;
      found.scale.push_back(factor);
      for (HostFactor *each : same)
        each->isCommon = true;
    }
  // A sign is asked for of z as well as of x, whatever positive factors stand before it.
  for (LatentRead &read : found.reads)
    for (LatentRead::Link &link : read.links)
      for (HostFactor &factor : link.factors)
        factor.isCommon |= read.isOfSign && mayBeCommon(factor);
  findMoved(body, found);
  return found;
}
