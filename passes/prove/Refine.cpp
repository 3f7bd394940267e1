// Analysis of a value in another one than the latent.
#include "passes/prove/Refine.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

/// Larger expressions are left to the analysis of the whole.
static constexpr size_t maxOps = 40;
static constexpr unsigned maxTries = 3;

/// The ops between `value` and `inner` that depend on the latent; false when some path goes round
/// `inner`.
static bool between(const Scratch &scratch, Value value, Value inner,
                    llvm::SmallSetVector<Operation *, 16> &ops) {
  if (value == inner || !scratch.dependsOnLatent(value))
    return true;
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (!ops.insert(op))
    return true;
  return ops.size() <= maxOps && llvm::all_of(op->getOperands(), [&](Value operand) {
           return between(scratch, operand, inner, ops);
         });
}

/// Where the inner value lies, without what the rounding of constants adds to numbers of few
/// digits.
static Interval domainOf(Interval range) {
  auto asMeant = [](double end) {
    double simple = std::round(end * 64) / 64;
    return std::isfinite(end) && std::abs(end - simple) <= roundingOf(std::abs(end)) ? simple : end;
  };
  Interval meant{asMeant(range.lo), asMeant(range.hi)};
  return meant.lo < meant.hi ? meant : Interval::all();
}

/// `turns`: it surely rises somewhere and falls elsewhere.
static std::optional<Refined> analyse(Scratch &scratch, Value value, Value inner, Interval domain,
                                      bool &turns) {
  Algebra algebra(scratch, inner);
  algebra.restrictTo(domain, {});
  std::vector<Piece> pieces = algebra.pieces(value);
  std::vector<std::optional<Fraction>> parts;
  bool rising = true, falling = true, strict = true, up = false, down = false;
  for (const Piece &piece : pieces) {
    auto part = algebra.convert(value, 0, piece);
    auto derivative = part ? algebra.derivative(*part) : std::nullopt;
    if (!derivative)
      return std::nullopt;
    Sign sign = algebra.sign(*derivative, piece);
    rising &= isNonNegative(sign);
    falling &= isNonPositive(sign);
    strict &= sign != Sign::Zero;
    up |= sign == Sign::Positive;
    down |= sign == Sign::Negative;
    turns = up && down;
    parts.push_back(part);
    if (!rising && !falling)
      return std::nullopt;
  }
  for (size_t i = 0; i + 1 < pieces.size(); ++i)
    if (!algebra.joins(value, pieces, parts, i))
      return std::nullopt;
  auto limit = [&](End end) {
    bool plus = end == End::Plus;
    if (double bound = plus ? domain.hi : domain.lo; std::isfinite(bound)) {
      auto there = algebra.at(plus ? *parts.back() : *parts.front(), bound);
      return there ? algebra.range(*there, Interval::point(0)) : Interval::all();
    }
    Limit tends = algebra.limit(plus ? *parts.back() : *parts.front(), end,
                                plus ? pieces.back() : pieces.front());
    if (tends.value)
      return algebra.range(*tends.value, Interval::point(0));
    double far = tends.infinity * std::numeric_limits<double>::infinity();
    return tends.infinity ? Interval::point(far) : Interval::all();
  };
  Direction direction = rising && falling ? Direction::Constant
                        : rising          ? Direction::Increasing
                                          : Direction::Decreasing;
  return Refined{inner, {direction, strict, true}, limit(End::Minus), limit(End::Plus)};
}

std::optional<Refined> prove::refine(Scratch &scratch, Value value,
                                     llvm::function_ref<bool(Value)> isMonotone,
                                     const DenseMap<Value, Interval> &ranges) {
  if (isa<VectorType>(value.getType()) || !value.getType().isF32())
    return std::nullopt;
  // From the nearest inner value to the latent.
  SmallVector<Value> inners;
  for (Operation *op = value.getDefiningOp()->getPrevNode(); op; op = op->getPrevNode())
    inners.push_back(op->getResult(0));
  if (const Leaf *latent = scratch.latent())
    inners.push_back(latent->value);
  unsigned tries = 0;
  for (Value inner : inners) {
    if (!inner.getType().isF32() || !scratch.dependsOnLatent(inner) || !isMonotone(inner))
      continue;
    llvm::SmallSetVector<Operation *, 16> ops;
    if (!between(scratch, value, inner, ops) || ops.size() > maxOps)
      continue;
    // Staircases jump; conditions and signs may, which the analysis looks at.
    bool continuous = llvm::none_of(ops, [](Operation *each) {
      return isa<RoundOp, NearestOp, LowerOp, UpperOp, math::FloorOp, math::CeilOp,
                 math::CopySignOp, ReduceOp, vector::BroadcastOp, vector::ExtractOp>(each);
    });
    if (!continuous)
      continue;
    bool turns = false;
    if (auto found = analyse(scratch, value, inner, domainOf(ranges.lookup(inner)), turns))
      return found;
    if (turns) // in whatever the inner value is a monotone function of, too
      return std::nullopt;
    if (++tries == maxTries)
      break;
  }
  return std::nullopt;
}

std::optional<Fraction> prove::limitThrough(Scratch &scratch, Algebra &algebra, Value value,
                                            const DenseMap<Value, Interval> &limits) {
  unsigned tries = 0;
  for (Operation *op = value.getDefiningOp()->getPrevNode(); op && tries < maxTries;
       op = op->getPrevNode()) {
    Value inner = op->getResult(0);
    Interval tends = limits.lookup(inner);
    llvm::SmallSetVector<Operation *, 16> ops;
    if (!inner.getType().isF32() || !tends.isPoint() || !std::isinf(tends.lo) ||
        !scratch.dependsOnLatent(inner) || !between(scratch, value, inner, ops))
      continue;
    ++tries;
    Algebra within(scratch, inner);
    std::vector<Piece> pieces = within.pieces(value);
    bool up = tends.lo > 0;
    const Piece &last = up ? pieces.back() : pieces.front();
    auto part = within.convert(value, 0, last);
    Limit limit = part ? within.limit(*part, up ? End::Plus : End::Minus, last) : Limit{};
    if (limit.value)
      return algebra.adopt(*limit.value, within);
  }
  return std::nullopt;
}
