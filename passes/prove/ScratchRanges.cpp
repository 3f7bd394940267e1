// The ranges of a scratch's values over boxes of its leaves, and what is above 0.
#include "passes/prove/Scratch.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();

/// Whether it is a whole number at every step.
static bool isWhole(Value value, const Scratch &scratch) {
  if (const Leaf *leaf = scratch.leafOf(value)) {
    auto counter = leaf->source.getDefiningOp<CounterOp>();
    return counter && counter.getKind() != Counter::LearningRate;
  }
  if (auto number = scratch.number(value))
    return *number == std::floor(*number);
  Operation *op = value.getDefiningOp();
  if (isa_and_present<arith::AddFOp, arith::SubFOp, arith::MulFOp>(op))
    return isWhole(op->getOperand(0), scratch) && isWhole(op->getOperand(1), scratch);
  return isa_and_present<RoundOp, math::FloorOp, math::CeilOp>(op);
}

/// A number as it was before it met a weight, where it is rounded to f32.
static Value exactly(Value value) {
  auto rounded = value.getDefiningOp<arith::TruncFOp>();
  return rounded ? rounded.getIn() : value;
}

/// Whether two of the host's numbers are 1 together, one as 1 less the other or both as constants.
static bool areOneTogether(Value a, Value b, const Scratch &scratch) {
  auto first = scratch.number(a), second = scratch.number(b);
  if (first && second)
    return std::abs(*first + *second - 1) <= 0x1p-23;
  for (auto [part, rest] : {std::pair(exactly(a), exactly(b)), std::pair(exactly(b), exactly(a))}) {
    auto difference = rest.getDefiningOp<arith::SubFOp>();
    if (difference && scratch.number(difference.getLhs()) == 1.0 &&
        exactly(difference.getRhs()) == part)
      return true;
  }
  return false;
}

std::optional<std::pair<Value, Value>> prove::mixtureOf(arith::AddFOp sum,
                                                        const DenseMap<Value, Interval> &known,
                                                        const Scratch &scratch) {
  auto left = sum.getLhs().getDefiningOp<arith::MulFOp>();
  auto right = sum.getRhs().getDefiningOp<arith::MulFOp>();
  if (!left || !right)
    return std::nullopt;
  constexpr Interval whole{0, 1};
  for (unsigned i : {0, 1})
    for (unsigned j : {0, 1}) {
      Value m = left.getOperand(i), n = right.getOperand(j);
      if (whole.contains(known.lookup(m)) && whole.contains(known.lookup(n)) &&
          areOneTogether(m, n, scratch))
        return std::pair(left.getOperand(1 - i), right.getOperand(1 - j));
    }
  return std::nullopt;
}

/// What an op's operands tell together beside their ranges: of two clocks of a run one is not
/// beyond the other, u - n floor(u / n) is a part of n, and a mixture lies between its parts.
Interval prove::boundsOf(Operation &op, const DenseMap<Value, Interval> &known,
                         const Scratch &scratch) {
  if (auto sum = dyn_cast<arith::AddFOp>(op)) {
    auto parts = mixtureOf(sum, known, scratch);
    return parts ? interval::hull(known.lookup(parts->first), known.lookup(parts->second))
                 : Interval::all();
  }
  auto clockOf = [&](Value value) -> std::optional<Counter> {
    const Leaf *leaf = scratch.leafOf(value);
    auto counter = leaf ? leaf->source.getDefiningOp<CounterOp>() : CounterOp();
    return counter ? std::optional(counter.getKind()) : std::nullopt;
  };
  auto arePart = [&](Value part, Value whole) {
    auto a = clockOf(part), b = clockOf(whole);
    return a && b &&
           ((a == Counter::Step && b == Counter::Steps) ||
            (a == Counter::Epoch && (b == Counter::Epochs || b == Counter::Steps)));
  };
  if (isa<arith::DivFOp>(op) && arePart(op.getOperand(0), op.getOperand(1)))
    return {0, 1};
  if (!isa<arith::SubFOp>(op))
    return Interval::all();
  if (arePart(op.getOperand(1), op.getOperand(0)))
    return {0, infinity};
  // The period, where there is one.
  Value period;
  auto floor = op.getOperand(1).getDefiningOp<math::FloorOp>();
  if (auto times = op.getOperand(1).getDefiningOp<arith::MulFOp>())
    for (unsigned i : {0, 1})
      if (auto factor = times->getOperand(i).getDefiningOp<math::FloorOp>()) {
        floor = factor;
        period = times->getOperand(1 - i);
      }
  if (!floor)
    return Interval::all();
  Value u = floor.getOperand();
  Interval rest{0, 1};
  auto quotient = u.getDefiningOp<arith::DivFOp>();
  bool isWholePart = quotient && isWhole(quotient.getLhs(), scratch) &&
                     isWhole(quotient.getRhs(), scratch) && known.lookup(quotient.getRhs()).lo >= 1;
  if (period) {
    Interval length = known.lookup(period);
    if (!quotient || quotient.getRhs() != period || !(length.lo > 0))
      return Interval::all();
    u = quotient.getLhs();
    rest.hi = isWholePart ? length.hi - 1 : length.hi;
  } else if (isWholePart) {
    Interval length = known.lookup(quotient.getRhs());
    rest.hi = interval::div(Interval::point(length.hi - 1), Interval::point(length.hi)).hi;
  }
  if (op.getOperand(0) == u)
    return rest;
  // A sum of u and more.
  auto sum = op.getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum || (sum.getLhs() != u && sum.getRhs() != u))
    return Interval::all();
  Interval more = known.lookup(sum.getLhs() == u ? sum.getRhs() : sum.getLhs());
  return interval::add(rest, more);
}

/// What f32, or double precision, rounds to a number; only itself where it has few digits.
static Interval roundedTo(double number, bool isSingle) {
  bool isExact = std::ldexp(number, 20) == std::floor(std::ldexp(number, 20));
  double half =
      isExact || !std::isfinite(number) ? 0 : std::abs(number) * (isSingle ? 0x1p-24 : 0x1p-53);
  return {number - half, number + half};
}

DenseMap<Value, Interval> Scratch::ranges(const Box &box, Constants constants,
                                          const DenseMap<Value, Interval> *held) const {
  DenseMap<Value, Interval> known;
  known.reserve(4 * all.size() + 64);
  for (auto [leaf, range] : llvm::zip(all, box))
    known[leaf.value] = range;
  for (Operation &op : const_cast<Block &>(body)) {
    Value result = op.getResult(0);
    if (held && held->contains(result)) {
      known[result] = held->lookup(result);
      continue;
    }
    if (auto fixed = number(result)) {
      bool isSingle = !getElementTypeOrSelf(result.getType()).isF64();
      known[result] = std::isnan(*fixed)                ? Interval::all()
                      : constants == Constants::Written ? roundedTo(*fixed, isSingle)
                                                        : Interval::point(*fixed);
      continue;
    }
    llvm::SmallVector<Interval> operands;
    for (Value operand : op.getOperands())
      operands.push_back(known[operand]);
    auto calculus = dyn_cast<CalculusOpInterface>(&op);
    Interval range = calculus ? calculus.range(operands) : Interval::all();
    Interval both = interval::intersect(range, boundsOf(op, known, *this));
    known[result] = both.isEmpty() ? range : both;
  }
  return known;
}

Interval Scratch::range(Value root, const Box &box, Constants constants) const {
  return ranges(box, constants).lookup(root);
}

bool Scratch::isPositive(Value value) const {
  if (const Leaf *leaf = leafOf(value))
    return leaf->isPositive;
  if (std::optional<double> fixed = number(value); fixed && *fixed != 0)
    return *fixed > 0;
  Operation *op = value.getDefiningOp();
  if (!op || dependsOnLatent(value) || isa<VectorType>(value.getType()))
    return false;
  auto positive = [&](unsigned i) { return isPositive(op->getOperand(i)); };
  auto least = [&](Value of) { return range(of, admissible()).lo; };
  if (isa<arith::TruncFOp, arith::ExtFOp, math::SqrtOp, math::PowFOp>(op))
    return positive(0);
  if (isa<arith::MulFOp, arith::DivFOp, arith::MinimumFOp>(op))
    return positive(0) && positive(1);
  if (isa<arith::MaximumFOp>(op))
    return positive(0) || positive(1);
  if (isa<ClampOp>(op))
    return positive(1) || (positive(0) && positive(2));
  if (isa<arith::AddFOp>(op))
    return (positive(0) && (positive(1) || least(op->getOperand(1)) >= 0)) ||
           (positive(1) && least(op->getOperand(0)) >= 0);
  if (isa<arith::SelectOp>(op))
    return positive(1) && positive(2);
  return isa<math::ExpOp, SigmoidOp>(op) || least(value) > 0;
}

Box Scratch::admissible() const {
  Box box;
  for (const Leaf &leaf : all)
    box.push_back(leaf.range);
  return box;
}
