// The hull of a projection with one latent per weight: its limits, and bounds between the outermost
// levels.
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();

/// Three digits are enough for a distance.
static std::string brief(double number) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.3g", number);
  return text;
}

/// A number, but for what outward rounding adds.
static std::optional<Fraction> numberIn(Interval limit) {
  bool isOne = std::isfinite(limit.lo) && std::isfinite(limit.hi) &&
               limit.hi - limit.lo <= 0x1p-40 * std::max(1.0, std::abs(limit.lo));
  return isOne ? std::optional(Fraction(Polynomial::constant(limit))) : std::nullopt;
}

/// The limit of a sum or a product is that of its parts, each by whatever means gives it.
std::optional<Fraction>
Projection::limitByParts(mlir::Value value, End end, const Piece &piece,
                         const llvm::DenseMap<mlir::Value, Interval> &composed) {
  if (!scratch.dependsOnLatent(value))
    return algebra.convert(value, 0, piece);
  if (auto number = numberIn(composed.lookup(value)))
    return number;
  Operation *op = value.getDefiningOp();
  if (auto select = dyn_cast_or_null<arith::SelectOp>(op)) {
    Interval taken = composed.lookup(select.getCondition());
    return taken.isPoint()
               ? limitByParts(taken.lo != 0 ? select.getTrueValue() : select.getFalseValue(), end,
                              piece, composed)
               : std::nullopt;
  }
  if (isa_and_present<arith::MinimumFOp, arith::MaximumFOp>(op)) {
    auto first = limitByParts(op->getOperand(0), end, piece, composed),
         second = limitByParts(op->getOperand(1), end, piece, composed);
    bool isMax = isa<arith::MaximumFOp>(op);
    if (!first || !second)
      return std::nullopt;
    Sign side = algebra.sign(*first - *second, piece);
    return isNonNegative(side)   ? (isMax ? first : second)
           : isNonPositive(side) ? (isMax ? second : first)
                                 : std::nullopt;
  }
  if (!isa_and_present<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp, arith::NegFOp,
                       arith::TruncFOp>(op))
    return std::nullopt;
  // By few terms where there is an inner value: of many a factor may be hard to see.
  if (auto through = limitThrough(scratch, algebra, value, composed))
    return through;
  llvm::SmallVector<Fraction, 2> parts;
  for (mlir::Value operand : op->getOperands())
    if (auto tends = limitByParts(operand, end, piece, composed))
      parts.push_back(*tends);
  if (parts.size() < op->getNumOperands() || isa<arith::DivFOp>(op)) {
    auto whole = algebra.convert(value, 0, piece);
    Limit tends = whole ? algebra.limit(*whole, end, piece) : Limit{};
    if (tends.known() || parts.size() < op->getNumOperands())
      return tends.value;
  }
  if (isa<arith::NegFOp>(op))
    return -parts[0];
  if (isa<arith::TruncFOp>(op))
    return parts[0];
  Sign below = isa<arith::DivFOp>(op) ? algebra.sign(parts[1], piece) : Sign::Positive;
  bool isSafe = below == Sign::Positive || below == Sign::Negative;
  return isSafe ? std::optional(arithmetic(op, parts[0], parts[1])) : std::nullopt;
}

std::optional<Fraction> Projection::limit(End end) {
  const DenseMap<Value, Interval> composed = limitsOf(scratch, end, composition);
  if (auto number = numberIn(composed.lookup(root)))
    return number;
  splitLine();
  const Piece &piece = end == End::Plus ? pieces.back() : pieces.front();
  const auto &part = end == End::Plus ? parts.back() : parts.front();
  Limit limit = part ? algebra.limit(*part, end, piece) : Limit{};
  if (limit.value && limit.value->isConstant())
    return limit.value;
  auto byParts = limitByParts(root, end, piece, composed);
  bool isSimpler =
      byParts && (!limit.value || byParts->isConstant() || byParts->size() <= limit.value->size());
  return isSimpler ? byParts : limit.value;
}

/// A sample of those tiers whose value surely lies beyond all levels.
std::optional<Finding> Projection::findExcess(double low, double high, size_t firstTier,
                                              size_t tiers) {
  const std::vector<std::vector<double>> all = samples(scratch, {low, high});
  for (const std::vector<double> &xs : ArrayRef(all).slice(firstTier).take_front(tiers))
    for (Point point : settings()) {
      Numbers here = levelsAt(scratch, scratch.value(clauses.levels.getResult()), point);
      double bottom = *llvm::min_element(here), top = *llvm::max_element(here);
      // The furthest beyond the hull, of those that intervals confirm.
      double furthest = 0, worst = 0;
      for (auto [x, value] : llvm::zip(xs, scratch.evaluate(root, point, xs))) {
        setLatent(scratch, point, x);
        double beyond = std::max(value - top, bottom - value);
        if (!(beyond > furthest * 1.001))
          continue;
        Interval range = scratch.range(root, boxOf(point), Scratch::Constants::Written);
        double slack = roundingOf(top - bottom);
        if (range.lo > top + slack || range.hi < bottom - slack) {
          furthest = beyond;
          worst = x;
        }
      }
      if (furthest > 0) {
        setLatent(scratch, point, worst);
        return Finding::refuted("the projection leaves the hull [" + describe(bottom) + ", " +
                                describe(top) + "] of the levels: P(" + describe(worst) +
                                ") = " + describe(scratch.evaluate(root, point)) + at(point));
      }
    }
  return std::nullopt;
}

Finding Projection::staysInHull(bool mustReach) {
  if (!clauses.levels)
    return Finding::proved("no levels are declared");
  Value levels = scratch.value(clauses.levels.getResult());
  Finding monotone = isMirrorMap();
  scratch.grant();
  Numbers now = levelsAt(scratch, levels, scratch.now(0));
  auto excess = [&](size_t firstTier, size_t tiers) {
    return findExcess(*llvm::min_element(now), *llvm::max_element(now), firstTier, tiers);
  };
  // A few samples first: the rest where nothing shows that there is nothing to be found.
  if (auto found = excess(0, 1))
    return *found;
  if (monotone.verdict == Verdict::Refuted)
    return Finding::undecided("the projection is not monotone");

  // The lowest and the highest level, as fractions.
  Piece last = pieces.empty() ? Piece{-infinity, infinity} : pieces.back();
  std::vector<Fraction> all;
  for (unsigned i = 0; i < levelCount(levels.getType()); ++i)
    if (auto level = algebra.convert(levels, i, last))
      all.push_back(*level);
  auto extreme = [&](bool highest) -> std::optional<Fraction> {
    for (const Fraction &candidate : all)
      if (all.size() == size_t(levelCount(levels.getType())) &&
          llvm::all_of(all, [&](const Fraction &other) {
            Sign sign = algebra.sign(candidate - other, last);
            return highest ? isNonNegative(sign) : isNonPositive(sign);
          }))
        return candidate;
    return std::nullopt;
  };
  std::optional<Fraction> top = extreme(true), bottom = extreme(false);
  if (!top || !bottom)
    return Finding::undecided("no lowest and highest level could be told apart");

  // P is monotone, so that its limits bound it.
  if (monotone.verdict == Verdict::Proved) {
    std::string gaps;
    bool inside = true, reaches = true;
    for (End end : {End::Minus, End::Plus}) {
      const Fraction &level = end == End::Plus ? *top : *bottom;
      std::optional<Fraction> tends = limit(end);
      if (!tends) {
        inside = false;
        continue;
      }
      Fraction room = end == End::Plus ? level - *tends : *tends - level;
      Sign sign = algebra.sign(room, last);
      Interval distance = algebra.range(room, Interval::point(0));
      Interval width = algebra.range(*top - *bottom, Interval::point(0));
      if (std::max(std::fabs(distance.lo), std::fabs(distance.hi)) <= roundingOf(width.lo))
        continue;
      inside &= isNonNegative(sign);
      if (sign == Sign::Zero)
        continue;
      reaches = false;
      if (sign == Sign::Positive || sign == Sign::NonNegative) {
        Interval value = algebra.range(*tends, Interval::point(0));
        Interval size = algebra.range(level, Interval::point(0));
        Interval gap = algebra.range(room, Interval::point(0));
        bool numbers = tends->isConstant() && level.isConstant();
        gaps += (gaps.empty() ? "" : "; ") +
                ("the projection does not reach the level " +
                 (size.isPoint() ? describe(size.lo)
                                 : std::string(end == End::Plus ? "on top" : "at the bottom")) +
                 (numbers ? ": it tends to " + describe(value.lo) + ", a gap of " + brief(gap.lo)
                          : std::string(": it tends to another value")));
      }
    }
    if (inside && reaches)
      return Finding::proved("structure: the limits are the outermost levels");
    if (inside)
      return mustReach ? Finding::refuted(gaps) : Finding::warned(gaps);
  }
  if (auto found = excess(1, 2))
    return *found;
  if (mustReach)
    return Finding::undecided("the limits of the projection are not known");
  // Piece by piece: q_max - P and P - q_min.
  splitLine();
  bool inside = !pieces.empty();
  for (auto [piece, part] : llvm::zip(pieces, parts))
    inside &= part && isNonNegative(algebra.sign(*top - *part, piece)) &&
              isNonNegative(algebra.sign(*part - *bottom, piece));
  if (inside)
    return Finding::proved("intervals: within the outermost levels on every piece");
  // A clamp between the outermost levels.
  if (auto clamp = root.getDefiningOp<ClampOp>()) {
    auto low = algebra.convert(clamp.getLow(), 0, last),
         high = algebra.convert(clamp.getHigh(), 0, last);
    if (low && high && isNonNegative(algebra.sign(*low - *bottom, last)) &&
        isNonNegative(algebra.sign(*top - *high, last)) &&
        isNonNegative(algebra.sign(*high - *low, last)))
      return Finding::proved("structure: a clamp between the outermost levels");
  }
  // By the range of all of it, or of what is left without a factor of the host's and an offset.
  Interval whole = scratch.range(root, scratch.admissible());
  DenseMap<Value, Interval> least = limitsOf(scratch, End::Minus, composition),
                            most = limitsOf(scratch, End::Plus, composition);
  auto within = [&](Value value) {
    Interval range = composition.ranges.lookup(value);
    if (monotone.verdict == Verdict::Proved)
      range = interval::intersect(range, {least.lookup(value).lo, most.lookup(value).hi});
    return range;
  };
  auto isAtMost = [&](const Fraction &a, const Fraction &b) {
    Interval room = algebra.range(b - a, Interval::point(0));
    Interval width = algebra.range(*top - *bottom, Interval::point(0));
    return room.lo >= -roundingOf(width.lo) || isNonNegative(algebra.sign(b - a, last));
  };
  Fraction factor = Fraction::constant(1), offset;
  for (Value value = root; value;) {
    Interval range = within(value);
    auto end = [&](double bound) { return offset + factor * Fraction::constant(bound); };
    if (!range.isEmpty() && std::isfinite(range.lo) && std::isfinite(range.hi) &&
        isAtMost(*bottom, end(range.lo)) && isAtMost(end(range.hi), *top))
      return Finding::proved("intervals: the range lies within the levels");
    Operation *op = value.getDefiningOp();
    value = {};
    if (!isa_and_present<arith::AddFOp, arith::MulFOp>(op))
      break;
    bool isSecond = scratch.dependsOnLatent(op->getOperand(1));
    auto free = algebra.convert(op->getOperand(isSecond ? 0 : 1), 0, last);
    if (scratch.dependsOnLatent(op->getOperand(isSecond ? 0 : 1)) || !free)
      break;
    if (isa<arith::AddFOp>(op))
      offset = offset + factor * *free;
    else if (!isNonNegative(algebra.sign(*free, last)))
      break;
    else
      factor = factor * *free;
    value = op->getOperand(isSecond ? 1 : 0);
  }
  return Finding::undecided("limits and ranges leave it open; the range found is [" +
                            describe(whole.lo) + ", " + describe(whole.hi) + "]");
}
