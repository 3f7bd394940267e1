// Monotonicity and continuity of a projection with one latent per weight.
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

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
  if (auto hole = findHole())
    return *hole;
  if (auto jump = findJumpAtSetting())
    return *jump;
  return otherwise;
}

Finding Projection::isMirrorMap() {
  if (!known)
    known = analyse();
  return *known;
}

/// The pieces of the line between the kinks, and the projection on each.
void Projection::splitLine() {
  if (!pieces.empty())
    return;
  algebra.chooseCoordinate(root);
  pieces = algebra.pieces(root);
  for (const Piece &piece : pieces)
    parts.push_back(algebra.convert(root, 0, piece));
  obstacle = algebra.obstacle;
}

/// The derivative's sign on each piece.
void Projection::findSlopes() {
  splitLine();
  if (!slopes.empty())
    return;
  for (auto [piece, part] : llvm::zip(pieces, parts)) {
    auto derivative = part ? algebra.derivative(*part) : std::nullopt;
    slopes.push_back(derivative ? algebra.sign(*derivative, piece) : Sign::Unknown);
  }
}

/// The first kink whose two sides, and the value at it, could not be shown to meet.
std::optional<size_t> Projection::findGap() {
  for (size_t i = 0; i + 1 < pieces.size(); ++i)
    if (!algebra.joins(root, pieces, parts, i))
      return i;
  return std::nullopt;
}

Finding Projection::analyse() {
  if (!scratch.latent() || !scratch.dependsOnLatent(root))
    return Finding::refuted("the projection is constant: it does not depend on x");
  if (auto flat = findFlat())
    return *flat;
  // What a few samples refute need not be analysed.
  if (auto drop = findDrop(/*firstTier=*/0, /*tiers=*/1))
    return *drop;

  // Structure: slopes composed.
  Shape shape = shapeOf(scratch, root, composition);
  if (shape.direction == Direction::Constant)
    return Finding::refuted("the projection is constant");
  increasing = shape.direction == Direction::Increasing && shape.continuous;
  strict = increasing && shape.strict;
  if (increasing && (strict || movesSomewhere()))
    return Finding::proved("structure: composed of nondecreasing functions");

  // Algebra: the derivative's sign on each piece between kinks.
  findSlopes();
  bool rising = llvm::all_of(slopes, isNonNegative);
  bool sloped =
      llvm::any_of(slopes, [](Sign sign) { return sign != Sign::Zero && sign != Sign::Unknown; });
  if (increasing)
    return sloped ? Finding::proved("structure: composed of nondecreasing functions")
                  : Finding::undecided("nothing was found between which the projection moves");
  if (pieces.size() == 1 && slopes[0] == Sign::Zero)
    return Finding::refuted("the projection is constant");
  bool areKnown = llvm::all_of(parts, [](const auto &part) { return part.has_value(); });
  auto gap = areKnown && !shape.continuous ? findGap() : std::nullopt;
  if (rising && !gap) {
    increasing = true;
    // Analytic between the kinks: not constant there means strictly increasing there.
    strict = !llvm::is_contained(slopes, Sign::Zero);
    if (!sloped)
      return Finding::refuted("the projection is constant between its jumps");
    return Finding::proved(algebra.branched
                               ? "intervals: the derivative is nowhere negative, " +
                                     std::to_string(algebra.boxes) + " boxes"
                               : "structure: the derivative is nowhere negative, term by term");
  }

  std::string tried = "structure gives ";
  tried += shape.direction == Direction::Unknown      ? "no direction"
           : shape.direction == Direction::Decreasing ? "a decreasing function"
                                                      : "an increasing function with jumps";
  if (!areKnown)
    tried += ", the algebra stops at " + (obstacle.empty() ? std::string("it") : obstacle);
  else if (rising)
    tried +=
        ", the two sides of x = " + describe(algebra.latentAt(pieces[*gap], pieces[*gap].high)) +
        " could not be shown to meet";
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
  if (increasing && !strict) {
    findSlopes();
    strict = llvm::all_of(slopes, isNonNegative) && !llvm::is_contained(slopes, Sign::Zero);
  }
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
