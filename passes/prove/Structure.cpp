// Composition of slopes and limits.
#include "passes/prove/Refine.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();

static Direction turned(Direction direction) {
  return direction == Direction::Increasing   ? Direction::Decreasing
         : direction == Direction::Decreasing ? Direction::Increasing
                                              : direction;
}

/// Whether both arms of an `if` have one value wherever its condition turns.
static bool doArmsMeet(Scratch &scratch, arith::SelectOp select) {
  Value condition = select.getCondition(), arms[] = {select.getTrueValue(), select.getFalseValue()};
  if (isa<VectorType>(select.getType()) || !scratch.latent() ||
      isa<VectorType>(scratch.latent()->value.getType()))
    return false;
  Algebra algebra(scratch);
  const std::vector<Piece> pieces = algebra.pieces(condition);
  if (algebra.unresolved)
    return false;
  for (size_t i = 0; i + 1 < pieces.size(); ++i) {
    const Piece &piece = pieces[pieces[i + 1].moves() ? i + 1 : i];
    bool atStart = pieces[i + 1].moves();
    const auto &place = atStart ? piece.start : piece.end;
    if (!place)
      return false;
    auto first = algebra.valueAtEnd(arms[0], piece, atStart),
         second = algebra.valueAtEnd(arms[1], piece, atStart);
    if (first && second && algebra.isRounding(*first, *second))
      continue;
    // By ranges, where both are one number whatever the host's numbers are.
    if ((first && second) || piece.moves() || !place->isConstant())
      return false;
    Box box = scratch.admissible();
    box[scratch.latent() - scratch.leaves().data()] = place->value();
    auto ranges = scratch.ranges(box);
    Interval both = interval::hull(ranges.lookup(arms[0]), ranges.lookup(arms[1]));
    if (!(both.hi - both.lo <= roundingOf(std::max(std::abs(both.lo), std::abs(both.hi)))))
      return false;
  }
  return true;
}

/// Of an `if` between what rises that is continuous where its condition turns.
static void joinArms(Scratch &scratch, arith::SelectOp select, const DenseMap<Value, Shape> &shapes,
                     Shape &shape) {
  const Shape first = shapes.lookup(select.getTrueValue()),
              second = shapes.lookup(select.getFalseValue());
  auto direction = [&](Direction way) {
    return llvm::all_of(ArrayRef<Shape>{first, second}, [&](const Shape &arm) {
      return arm.continuous && (arm.direction == way || arm.direction == Direction::Constant);
    });
  };
  Direction way = direction(Direction::Increasing)   ? Direction::Increasing
                  : direction(Direction::Decreasing) ? Direction::Decreasing
                                                     : Direction::Unknown;
  bool isKnown = shape.continuous && shape.direction == way;
  if (way == Direction::Unknown || isKnown || !scratch.dependsOnLatent(select.getCondition()) ||
      !doArmsMeet(scratch, select))
    return;
  bool areConstant =
      first.direction == Direction::Constant && second.direction == Direction::Constant;
  shape = {areConstant ? Direction::Constant : way, first.strict && second.strict, true};
}

/// The lesser or the greater of two, or a mixture of them, rises where both do.
static bool isStrictByBoth(Operation &op, const DenseMap<Value, Shape> &shapes,
                           const DenseMap<Value, Interval> &ranges, const Scratch &scratch) {
  auto isStrict = [&](Value part) { return shapes.lookup(part).strict; };
  if (isa<arith::MinimumFOp, arith::MaximumFOp>(op))
    return isStrict(op.getOperand(0)) && isStrict(op.getOperand(1));
  auto sum = dyn_cast<arith::AddFOp>(op);
  auto parts = sum ? mixtureOf(sum, ranges, scratch) : std::nullopt;
  auto isFixed = [&](Value product) { // its share
    return llvm::any_of(product.getDefiningOp()->getOperands(),
                        [&](Value factor) { return !scratch.dependsOnLatent(factor); });
  };
  return parts && isFixed(sum.getLhs()) && isFixed(sum.getRhs()) && isStrict(parts->first) &&
         isStrict(parts->second);
}

Shape prove::shapeOf(Scratch &scratch, Value root, Composition &composition) {
  DenseMap<Value, Interval> &ranges = composition.ranges;
  ranges = scratch.ranges(scratch.admissible());
  DenseMap<Value, Shape> shapes;
  for (const Leaf &leaf : scratch.leaves()) {
    bool latent = leaf.kind == Leaf::Kind::Latent;
    shapes[leaf.value] = latent ? Shape{Direction::Increasing, true, true} : Shape{};
  }
  for (Operation &op : scratch.block()) {
    SmallVector<Interval> operands;
    for (Value operand : op.getOperands())
      operands.push_back(ranges.lookup(operand));
    auto calculus = dyn_cast<CalculusOpInterface>(&op);
    Value value = op.getResult(0);
    auto restrict = [&](Interval to) {
      if (Interval both = interval::intersect(ranges.lookup(value), to); !both.isEmpty())
        ranges[value] = both;
    };
    if (calculus && scratch.dependsOnLatent(value)) {
      restrict(calculus.range(operands));
      restrict(boundsOf(op, ranges, scratch));
    }
    Shape shape;
    for (auto [i, operand] : llvm::enumerate(op.getOperands())) {
      Shape inner = shapes.lookup(operand);
      if (inner.direction == Direction::Constant)
        continue;
      Slope slope = calculus ? calculus.slope(i, operands) : Slope{Direction::Unknown, false, true};
      if (slope.direction == Direction::Constant)
        continue;
      shape.continuous &= inner.continuous && !slope.jumps;
      Direction part = slope.direction == Direction::Unknown      ? Direction::Unknown
                       : slope.direction == Direction::Increasing ? inner.direction
                                                                  : turned(inner.direction);
      if (shape.direction == Direction::Constant)
        shape.direction = part;
      else if (shape.direction != part)
        shape.direction = Direction::Unknown;
      // One part that moves strictly is enough when the others do not move against it.
      shape.strict |= inner.strict && slope.strict;
    }
    if (shape.direction == Direction::Unknown || shape.direction == Direction::Constant)
      shape.strict = false;
    else
      shape.strict |= isStrictByBoth(op, shapes, ranges, scratch);
    if (auto select = dyn_cast<arith::SelectOp>(op))
      joinArms(scratch, select, shapes, shape);
    // An `if` may meet where its arms, each on the whole line, say nothing.
    bool mayMeet = isa<arith::SelectOp>(op) && !shape.continuous;
    if (shape.direction == Direction::Unknown || mayMeet) {
      auto isMonotone = [&](Value inner) {
        Shape known = shapes.lookup(inner);
        return known.direction == Direction::Increasing || known.direction == Direction::Decreasing;
      };
      if (auto refined = refine(scratch, value, isMonotone, ranges)) {
        Shape inner = shapes.lookup(refined->inner);
        Direction outer = refined->shape.direction;
        shape.direction = outer == Direction::Constant     ? outer
                          : outer == Direction::Increasing ? inner.direction
                                                           : turned(inner.direction);
        shape.strict = inner.strict && refined->shape.strict && outer != Direction::Constant;
        shape.continuous = inner.continuous;
        composition.refined.try_emplace(value, *refined);
        restrict(interval::hull(refined->low, refined->high));
      }
    }
    shapes[value] = shape;
  }
  return shapes.lookup(root);
}

/// Whether limits alone do not tell: 0 times infinity, infinity less infinity, 0 over 0, and powers
/// whose base and exponent move. A host's number that may be 0 is no limit.
static bool isIndeterminate(const Scratch &scratch, Operation &op, ArrayRef<Interval> at) {
  if (op.getNumOperands() != 2)
    return false;
  auto isFar = [](Interval x) { return std::isinf(x.lo) || std::isinf(x.hi); };
  auto vanishes = [&](unsigned i) {
    return at[i].contains(0) && scratch.dependsOnLatent(op.getOperand(i));
  };
  if (isa<arith::MulFOp>(op))
    return (isFar(at[0]) && vanishes(1)) || (isFar(at[1]) && vanishes(0));
  if (isa<arith::DivFOp>(op))
    return (isFar(at[0]) && isFar(at[1])) || (at[0].contains(0) && vanishes(1));
  if (isa<arith::AddFOp, arith::SubFOp>(op)) {
    Interval second = isa<arith::SubFOp>(op) ? interval::neg(at[1]) : at[1];
    return (at[0].hi == infinity && second.lo == -infinity) ||
           (at[0].lo == -infinity && second.hi == infinity);
  }
  return isa<math::PowFOp>(op) && scratch.dependsOnLatent(op.getOperand(0)) &&
         scratch.dependsOnLatent(op.getOperand(1));
}

DenseMap<Value, Interval> prove::limitsOf(const Scratch &scratch, End end,
                                          const Composition &composition) {
  Box box = scratch.admissible();
  const DenseMap<Value, Interval> &ranges = composition.ranges;
  DenseMap<Value, Interval> limits;
  for (auto [leaf, range] : llvm::zip(scratch.leaves(), box))
    limits[leaf.value] = leaf.kind == Leaf::Kind::Latent
                             ? Interval::point(end == End::Plus ? infinity : -infinity)
                             : range;
  for (Operation &op : const_cast<Scratch &>(scratch).block()) {
    SmallVector<Interval> at;
    int infinite = -1, count = 0;
    // A staircase need not be at a limit what it is beside it.
    bool jumps = isa<SignOp, SgnOp, RoundOp, math::FloorOp, math::CeilOp, NearestOp, LowerOp,
                     UpperOp, math::CopySignOp, arith::CmpFOp>(op);
    for (auto [i, operand] : llvm::enumerate(op.getOperands())) {
      Interval limit = limits.lookup(operand);
      if (jumps && scratch.dependsOnLatent(operand)) {
        double around = std::max(std::abs(limit.lo), std::abs(limit.hi)) * 0x1p-40 + 0x1p-200;
        if (std::isfinite(around))
          limit = {limit.lo - around, limit.hi + around};
      }
      at.push_back(limit);
      if (limit.isPoint() && std::isinf(limit.lo)) {
        infinite = i;
        ++count;
      }
    }
    auto calculus = dyn_cast<CalculusOpInterface>(&op);
    Interval limit = ranges.lookup(op.getResult(0));
    if (std::optional<double> number = scratch.number(op.getResult(0)))
      limit = Interval::point(*number);
    else if (auto refined = composition.refined.find(op.getResult(0));
             refined != composition.refined.end()) {
      Interval inner = limits.lookup(refined->second.inner);
      if (inner.isPoint() && std::isinf(inner.lo))
        limit = inner.lo > 0 ? refined->second.high : refined->second.low;
      else
        limit =
            interval::intersect(limit, interval::hull(refined->second.low, refined->second.high));
      if (calculus && count == 0 && !isIndeterminate(scratch, op, at))
        if (Interval both = interval::intersect(limit, calculus.range(at)); !both.isEmpty())
          limit = both;
    } else if (isIndeterminate(scratch, op, at))
      limit = Interval::all();
    else if (calculus && count == 1)
      limit = calculus.limit(infinite, at[infinite].lo > 0 ? End::Plus : End::Minus, at);
    else if (calculus &&
             (count == 0 || isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::MinimumFOp,
                                arith::MaximumFOp, arith::SelectOp>(op)))
      limit = calculus.range(at);
    if (Interval both = interval::intersect(limit, boundsOf(op, limits, scratch)); !both.isEmpty())
      limit = both;
    limits[op.getResult(0)] = interval::intersect(limit, ranges.lookup(op.getResult(0)));
    if (limits[op.getResult(0)].isEmpty()) // an infinite limit is a value of no range
      limits[op.getResult(0)] = limit;
  }
  return limits;
}
