// Monotonicity, continuity and hull of a projection with one latent per weight.
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

static constexpr double infinity = std::numeric_limits<double>::infinity();

Projection::Projection(Clauses &clauses)
    : scratch(clauses.quantizer), root(scratch.add(clauses.project.getBody())), clauses(clauses),
      algebra(
          (clauses.levels ? (void)scratch.value(clauses.levels.getResult()) : (void)0, scratch)) {}

std::string Projection::at(const Point &point) const { return describeSetting(scratch, point); }

ArrayRef<Point> Projection::settings() {
  if (knownSettings.empty())
    knownSettings = prove::settings(scratch);
  return knownSettings;
}

/// Three digits are enough for a distance.
static std::string brief(double number) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.3g", number);
  return text;
}

/// a < b with P(a) > P(b), the largest drop between samples of those tiers, confirmed by intervals.
std::optional<Finding> Projection::findDrop(size_t firstTier, size_t tiers) {
  Numbers levels;
  if (clauses.levels)
    levels = levelsAt(scratch, scratch.value(clauses.levels.getResult()), scratch.now(0));
  const std::vector<std::vector<double>> all = samples(scratch, levels);
  for (const std::vector<double> &xs : ArrayRef(all).slice(firstTier).take_front(tiers))
    for (Point point : settings()) {
      std::vector<double> values = scratch.evaluate(root, point, xs);
      // At a constant of the clause, as f32 has it, the one that was written may tell otherwise.
      for (unsigned tries = 0; tries < 3; ++tries) {
        // The highest value so far against the present one.
        size_t best = xs.size(), from = xs.size(), to = xs.size();
        double drop = 0;
        for (size_t i = 0; i < xs.size(); ++i) {
          if (!std::isfinite(values[i]))
            continue;
          if (best < xs.size() && values[best] - values[i] > drop) {
            drop = values[best] - values[i];
            from = best;
            to = i;
          }
          if (best == xs.size() || values[i] > values[best])
            best = i;
        }
        if (drop <= 0)
          break;
        auto rangeAt = [&](size_t i) {
          setLatent(scratch, point, xs[i]);
          return scratch.range(root, boxOf(point), Scratch::Constants::Written);
        };
        double high = values[from], low = values[to];
        if (rangeAt(from).lo > rangeAt(to).hi + roundingOf(std::abs(high)))
          return Finding::refuted("the projection is not monotone: P(" + describe(xs[from]) +
                                  ") = " + describe(high) + " > P(" + describe(xs[to]) +
                                  ") = " + describe(low) + at(point));
        values[from] = values[to] = NAN;
      }
    }
  return std::nullopt;
}

/// An admissible setting for which the projection is one number.
std::optional<Finding> Projection::findFlat() {
  for (const Point &point : settings()) {
    Box box = boxOf(point);
    for (auto [leaf, range] : llvm::zip(scratch.leaves(), box))
      if (leaf.kind == Leaf::Kind::Latent)
        range = Interval::all();
    Interval value = scratch.range(root, box);
    if (value.isPoint())
      return Finding::refuted("the projection is constant" + at(point));
  }
  return std::nullopt;
}

/// Whether two samples surely have different values, at each setting.
bool Projection::movesSomewhere() {
  const std::vector<double> xs = samples(scratch, {})[1];
  for (Point point : settings()) {
    double lowest = infinity, highest = -infinity;
    for (double x : xs) {
      setLatent(scratch, point, x);
      Interval here = scratch.range(root, boxOf(point));
      lowest = std::min(lowest, here.hi);
      highest = std::max(highest, here.lo);
      if (lowest < highest)
        break;
    }
    if (!(lowest < highest))
      return false;
  }
  return true;
}

Finding Projection::refuteOr(Finding otherwise) {
  if (auto drop = findDrop(/*firstTier=*/1))
    return *drop;
  if (auto jump = findJump())
    return *jump;
  if (auto jump = findJumpAtSetting())
    return *jump;
  return otherwise;
}

Finding Projection::isMirrorMap() {
  if (!known)
    known = analyse();
  return *known;
}

Finding Projection::analyse() {
  if (!scratch.latent() || !scratch.dependsOnLatent(root))
    return Finding::refuted("the projection is constant: it does not depend on x");
  if (auto flat = findFlat())
    return *flat;
  // What a few samples refute need not be analysed.
  if (auto drop = findDrop(/*firstTier=*/0, /*tiers=*/1))
    return *drop;
  Shape shape = shapeOf(scratch, root, composition);
  algebra.chooseCoordinate(root);
  pieces = algebra.pieces(root);
  bool allConverted = true;
  for (const Piece &piece : pieces) {
    parts.push_back(algebra.convert(root, 0, piece));
    allConverted &= parts.back().has_value();
  }
  std::string obstacle = algebra.obstacle;

  // Structure: slopes composed.
  if (shape.direction == Direction::Increasing && shape.continuous) {
    increasing = true;
    strict = shape.strict;
  }
  if (shape.direction == Direction::Constant)
    return Finding::refuted("the projection is constant");

  // Algebra: the derivative's sign on each piece between kinks.
  bool rising = allConverted, sloped = false;
  for (auto [piece, part] : llvm::zip(pieces, parts)) {
    Sign sign = Sign::Unknown;
    if (part)
      if (auto derivative = algebra.derivative(*part)) {
        sign = algebra.sign(*derivative, piece);
        if (sign == Sign::Zero)
          strictness = "between " + describe(piece.low) + " and " + describe(piece.high);
        sloped |= sign != Sign::Zero && sign != Sign::Unknown;
      }
    slopes.push_back(sign);
    rising &= isNonNegative(sign);
  }
  if (allConverted && pieces.size() == 1 && slopes[0] == Sign::Zero)
    return Finding::refuted("the projection is constant");

  // Both sides of a kink, and the value at it, must agree; extrema, abs and clamp do by themselves.
  std::string gap;
  bool joined = shape.continuous;
  if (allConverted && !joined) {
    joined = true;
    for (size_t i = 0; i + 1 < pieces.size() && joined; ++i) {
      bool meets = algebra.joins(root, pieces, parts, i);
      if (!meets) {
        joined = false;
        gap = "the two sides of x = " + describe(algebra.latentAt(pieces[i], pieces[i].high)) +
              " could not be shown to meet";
      }
    }
  }
  if (rising && joined && !increasing) {
    increasing = true;
    // Analytic between the kinks: not constant there means strictly increasing there.
    strict = llvm::none_of(slopes, [](Sign sign) { return sign == Sign::Zero; });
    if (!sloped)
      return Finding::refuted("the projection is constant between its jumps");
    return Finding::proved(algebra.branched
                               ? "intervals: the derivative is nowhere negative, " +
                                     std::to_string(algebra.boxes) + " boxes"
                               : "structure: the derivative is nowhere negative, term by term");
  }
  if (increasing) {
    if (rising && joined)
      strict |= llvm::none_of(slopes, [](Sign sign) { return sign == Sign::Zero; });
    if (!shape.strict && !sloped && !movesSomewhere())
      return Finding::undecided("nothing was found between which the projection moves");
    return Finding::proved("structure: composed of nondecreasing functions");
  }

  std::string tried = "structure gives ";
  tried += shape.direction == Direction::Unknown      ? "no direction"
           : shape.direction == Direction::Decreasing ? "a decreasing function"
                                                      : "an increasing function with jumps";
  if (!allConverted)
    tried += ", the algebra stops at " + (obstacle.empty() ? std::string("it") : obstacle);
  else if (!gap.empty() && rising)
    tried += ", " + gap;
  else
    for (auto [piece, slope] : llvm::zip(pieces, slopes))
      if (!isNonNegative(slope)) {
        tried += ", the derivative's sign between " + describe(piece.low) + " and " +
                 describe(piece.high) + " stays open";
        break;
      }
  if (algebra.boxes)
    tried += ", intervals took " + std::to_string(algebra.boxes) + " boxes";
  return refuteOr(Finding::undecided(tried));
}

/// A setting at which two latents surely have one value: a clamp, however its bounds are written,
/// is flat beyond them, and what moves with a factor that may be 0 need not move.
std::optional<Finding> Projection::findLevelStretch(const std::string &reason) {
  std::vector<std::pair<double, double>> pairs{{64, 65}, {-65, -64}};
  for (const Piece &piece : pieces)
    if (double x = piece.inside(), next = piece.beside(); !piece.moves() && x < next)
      pairs.push_back({algebra.latentAt(piece, x), algebra.latentAt(piece, next)});
  for (Point point : settings())
    for (auto [x, next] : pairs) {
      auto valueAt = [&](double latent) {
        setLatent(scratch, point, latent);
        return scratch.range(root, boxOf(point));
      };
      Interval a = valueAt(x), b = valueAt(next);
      if (a.isPoint() && b.isPoint() && a.lo == b.lo && std::isfinite(a.lo))
        return Finding::refuted(reason + " needs a strictly increasing projection: P(" +
                                describe(x) + ") = P(" + describe(next) + ") = " + describe(a.lo) +
                                at(point));
    }
  return std::nullopt;
}

Finding Projection::isStrict(const std::string &reason) {
  Finding monotone = isMirrorMap();
  if (monotone.verdict == Verdict::Refuted)
    return monotone;
  if (strict && increasing) {
    if (auto level = findLevelStretch(reason))
      return *level;
    return Finding::proved("strictly increasing: " + monotone.text);
  }
  // Two latents with the same value: on a flat piece.
  for (auto [piece, slope] : llvm::zip(pieces, slopes)) {
    if (slope != Sign::Zero)
      continue;
    double a = std::isinf(piece.low) ? (std::isinf(piece.high) ? 0 : piece.high - 1) : piece.low;
    double b = std::isinf(piece.high) ? a + 1 : piece.high;
    a = algebra.latentAt(piece, a), b = algebra.latentAt(piece, b);
    Point point = scratch.now(a);
    double low = scratch.evaluate(root, point);
    setLatent(scratch, point, b);
    double high = scratch.evaluate(root, point);
    if (low == high)
      return Finding::refuted(reason + " needs a strictly increasing projection: P(" + describe(a) +
                              ") = P(" + describe(b) + ") = " + describe(low) + at(point));
  }
  if (auto level = findLevelStretch(reason))
    return *level;
  return Finding::undecided("the projection could not be shown to be strictly increasing; " +
                            monotone.text);
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
  if (isa<arith::AddFOp>(op))
    return parts[0] + parts[1];
  if (isa<arith::SubFOp>(op))
    return parts[0] - parts[1];
  if (isa<arith::MulFOp>(op))
    return parts[0] * parts[1];
  if (isa<arith::NegFOp>(op))
    return -parts[0];
  if (isa<arith::TruncFOp>(op))
    return parts[0];
  Sign below = algebra.sign(parts[1], piece);
  bool isSafe = below == Sign::Positive || below == Sign::Negative;
  return isSafe ? std::optional(parts[0] / parts[1]) : std::nullopt;
}

std::optional<Fraction> Projection::limit(End end) {
  if (parts.empty())
    return std::nullopt;
  const Piece &piece = end == End::Plus ? pieces.back() : pieces.front();
  const auto &part = end == End::Plus ? parts.back() : parts.front();
  Limit limit = part ? algebra.limit(*part, end, piece) : Limit{};
  if (limit.value && limit.value->isConstant())
    return limit.value;
  // By composition, where it gives one number, and by parts.
  auto byParts = limitByParts(root, end, piece, limitsOf(scratch, end, composition));
  bool isSimpler =
      byParts && (!limit.value || byParts->isConstant() || byParts->size() <= limit.value->size());
  return isSimpler ? byParts : limit.value;
}

std::optional<Finding> Projection::findExcess(double low, double high) {
  Numbers levels{low, high};
  for (const std::vector<double> &xs : samples(scratch, levels))
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
  if (auto excess = findExcess(*llvm::min_element(now), *llvm::max_element(now)))
    return *excess;
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
  if (mustReach)
    return Finding::undecided("the limits of the projection are not known");
  // Piece by piece: q_max - P and P - q_min.
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
