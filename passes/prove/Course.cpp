// The values of a schedule: bounds by its direction between the places where it turns, and values
// at some moments.
#include "passes/prove/Course.h"

#include "passes/prove/Algebra.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

double Instant::at(Counter kind, double otherwise) const {
  switch (kind) {
  case Counter::Step:
    return step;
  case Counter::Epoch:
    return epoch;
  case Counter::Steps:
    return steps;
  case Counter::Epochs:
    return epochs;
  default:
    return otherwise;
  }
}

ArrayRef<Instant> prove::instants() {
  static const std::vector<Instant> all = [] {
    std::vector<Instant> all;
    for (double step : {0.0, 1.0, 2.0, 10.0, 100.0, 1e4, longRun})
      all.push_back({step, step, longRun, longRun});
    for (double steps : {longRun, 1e4, 2.0, 1.0})
      for (double step : {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 50.0, 777.0, 5e3, 1e4, 3e6})
        if (step <= steps)
          all.push_back({step, step, steps, steps});
    for (double step : {100.0, 777.0, 1e4})
      all.push_back({step, std::floor(step / 100), 1e4, 100});
    return all;
  }();
  return all;
}

/// Settings of the parameters: as they are, each at an end, all at one end.
static std::vector<Point> parameterSettings(const Scratch &scratch) {
  Point now = scratch.now(0), low = now, high = now;
  std::vector<Point> all{now};
  for (auto [i, leaf] : llvm::enumerate(scratch.leaves())) {
    if (leaf.kind != Leaf::Kind::Parameter || leaf.range.isPoint())
      continue;
    for (auto [end, together] : {std::pair(leaf.range.lo, &low), std::pair(leaf.range.hi, &high)})
      if (std::isfinite(end)) {
        all.push_back(now);
        all.back()[i] = {end};
        (*together)[i] = {end};
      }
  }
  if (all.size() > 3)
    all.insert(all.end(), {low, high});
  return all;
}

static Interval takenOf(const Scratch &scratch, Value root) {
  Interval taken = Interval::empty();
  for (Point point : parameterSettings(scratch))
    for (const Instant &instant : instants()) {
      for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), point))
        if (auto counter = leaf.source.getDefiningOp<CounterOp>())
          numbers = {instant.at(counter.getKind(), leaf.inForce)};
      double value = scratch.evaluate(root, point);
      if (std::isfinite(value))
        taken = interval::hull(taken, Interval::point(value));
    }
  return taken;
}

static const Leaf *find(const Scratch &scratch, Counter kind) {
  for (const Leaf &leaf : scratch.leaves())
    if (auto counter = leaf.source.getDefiningOp<CounterOp>())
      if (counter.getKind() == kind)
        return &leaf;
  return nullptr;
}

/// Bounds by the derivative in the latent of `scratch`, a clock that runs over `domain`, or over so
/// many parts of `whole`; everything where they are not known. `direction`: of the whole, if it has
/// one.
static Interval boundsOver(Scratch &scratch, ScheduleOp schedule, Interval domain, Value whole,
                           Direction &direction) {
  direction = Direction::Unknown;
  Value root = scratch.add(schedule.getBody());
  if (!scratch.latent() || !scratch.dependsOnLatent(root))
    return Interval::all();
  Algebra algebra(scratch);
  algebra.restrictTo(domain, whole);
  std::vector<Piece> pieces = algebra.pieces(root);
  std::vector<std::optional<Fraction>> parts;
  for (const Piece &piece : pieces)
    parts.push_back(algebra.convert(root, 0, piece));
  Interval bounds = Interval::empty();
  auto include = [&](const std::optional<Fraction> &value, Interval x) {
    bounds = interval::hull(bounds, value ? algebra.range(*value, x) : Interval::all());
  };
  bool rises = true, falls = true;
  for (auto [i, piece] : llvm::enumerate(pieces)) {
    auto slope = parts[i] ? algebra.derivative(*parts[i]) : std::nullopt;
    if (!slope)
      return Interval::all();
    Sign side = algebra.sign(*slope, piece);
    auto begin = piece.start ? algebra.at(*parts[i], *piece.start) : std::nullopt;
    auto end = piece.end ? algebra.at(*parts[i], *piece.end) : std::nullopt;
    if ((isNonNegative(side) || isNonPositive(side)) && begin && end) {
      include(begin, Interval::point(0));
      include(end, Interval::point(0));
    } else {
      // Between the places where it turns it is monotone.
      auto turns = begin && end ? algebra.rootsOf(*slope, piece) : std::nullopt;
      if (!turns) {
        include(parts[i], piece.closed());
      } else {
        include(begin, Interval::point(0));
        include(end, Interval::point(0));
        for (const Kink &turn : *turns) {
          auto there = turn.exact ? algebra.at(*parts[i], *turn.exact) : std::nullopt;
          there ? include(there, Interval::point(0)) : include(parts[i], turn.where);
        }
      }
    }
    // Where it may jump it may be anything.
    if (i == 0)
      include(algebra.valueAtEnd(root, piece, /*atStart=*/true), Interval::point(0));
    if (!piece.joinsNext || i + 1 == pieces.size())
      include(algebra.valueAtEnd(root, piece, /*atStart=*/false), Interval::point(0));
    bool joins = i + 1 == pieces.size() || algebra.joins(root, pieces, parts, i);
    rises &= joins && isNonNegative(side);
    falls &= joins && isNonPositive(side);
  }
  direction = rises ? Direction::Increasing : falls ? Direction::Decreasing : Direction::Unknown;
  return bounds;
}

/// By what `time` does, of which a run has `total`.
static Interval boundsOver(ScheduleOp schedule, Counter time, Counter total) {
  auto quantizer = schedule->getParentOfType<QuantizerOp>();
  constexpr Interval run{0, longRun};
  Direction direction;
  Scratch scratch(quantizer, time);
  scratch.add(schedule.getBody());
  const Leaf *whole = find(scratch, total);
  if (!whole)
    return boundsOver(scratch, schedule, run, {}, direction);
  Interval bounds = boundsOver(scratch, schedule, {0, 1}, whole->value, direction);
  // From the beginning of a run to its end, where the two are one.
  Scratch apart(quantizer, time);
  boundsOver(apart, schedule, run, {}, direction);
  if (direction == Direction::Unknown)
    return bounds;
  Scratch scratchAtEnd(quantizer, total);
  Direction ofEnds;
  Interval atEnd = boundsOver(scratchAtEnd, schedule, {1, longRun}, {}, ofEnds);
  Value root = apart.add(schedule.getBody());
  Box atBegin = apart.admissible();
  atBegin[apart.latent() - apart.leaves().data()] = Interval::point(0);
  return interval::intersect(bounds, interval::hull(atEnd, apart.range(root, atBegin)));
}

Course prove::courseOf(ScheduleOp schedule) {
  Scratch scratch(schedule->getParentOfType<QuantizerOp>(), Counter::Step);
  Value root = scratch.add(schedule.getBody());
  Course course{scratch.range(root, scratch.admissible()), takenOf(scratch, root)};
  // What bounds lie beyond the values themselves by no more than their outward rounding is none.
  auto settle = [&] {
    for (auto [end, value] :
         {std::pair(&course.all.lo, course.taken.lo), std::pair(&course.all.hi, course.taken.hi)})
      if (std::abs(*end - value) <= 0x1p-40 * std::abs(value))
        *end = value;
  };
  settle();
  for (auto [time, total] :
       {std::pair(Counter::Step, Counter::Steps), std::pair(Counter::Epoch, Counter::Epochs)})
    if (find(scratch, time) && !course.taken.contains(course.all)) {
      Interval both = interval::intersect(course.all, boundsOver(schedule, time, total));
      if (!both.isEmpty())
        course.all = both;
      settle();
    }
  return course;
}
