// Where a projection jumps: between pieces that are known by their formulas, or, at one setting,
// where a comparison or a staircase turns.
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

/// Beyond these numbers a steep slope looks like a jump.
static constexpr double maxSetting = 1e6;
/// Turns that are looked at closely.
static constexpr unsigned maxTurns = 32;

/// A place where the values from both sides, or at it, are surely different.
std::optional<Finding> Projection::findJump() {
  for (size_t i = 0; i + 1 < pieces.size(); ++i) {
    const auto &end = pieces[i].end, &start = pieces[i + 1].start;
    if (!parts[i] || !parts[i + 1] || pieces[i].joinsNext)
      continue;
    bool moves = pieces[i].moves() || pieces[i + 1].moves();
    Interval left, right, kink{pieces[i + 1].low, pieces[i].high};
    if (end && start) {
      auto before = algebra.at(*parts[i], *end), after = algebra.at(*parts[i + 1], *start);
      if (!before || !after)
        continue;
      left = algebra.range(*before, Interval::point(0));
      right = algebra.range(*after, Interval::point(0));
      // Or at some setting.
      for (const Point &point : settings()) {
        double low = algebra.valueAt(*before, point), high = algebra.valueAt(*after, point);
        bool isGap = std::abs(low - high) > 1e-6 * std::max(std::abs(low), std::abs(high));
        if (!isGap || !std::isfinite(low) || !std::isfinite(high))
          continue;
        double place = algebra.latentAt(pieces[i], pieces[i].high);
        if (moves) {
          Fraction kink = pieces[i].origin ? *pieces[i].origin + *end : *end;
          place = algebra.valueAt(kink, point) / algebra.scaleAt(point);
        }
        if (std::isfinite(place))
          return Finding::refuted("the projection jumps at x = " + describe(place) + " from " +
                                  describe(low) + " to " + describe(high) + at(point));
      }
    } else if (!moves) { // it lies between two numbers
      left = algebra.range(*parts[i], kink);
      right = algebra.range(*parts[i + 1], kink);
    }
    double size = std::max(std::abs(left.lo), std::abs(right.lo));
    bool isApart = left.hi + roundingOf(size) < right.lo || right.hi + roundingOf(size) < left.lo;
    if (isApart)
      return Finding::refuted(
          "the projection jumps at x = " + describe(algebra.latentAt(pieces[i], pieces[i].high)) +
          " from " + describe(left.lo) + " to " + describe(right.lo));
  }
  return std::nullopt;
}

namespace {

/// The ops that may jump and have a part in a projection, at one setting.
class Turns {
public:
  Turns(const Scratch &scratch, Value root, const Point &setting)
      : scratch(scratch), root(root), point(setting) {
    DenseSet<Value> needed{root};
    for (Operation &op : llvm::reverse(const_cast<Scratch &>(scratch).block())) {
      Value value = op.getResult(0);
      if (!needed.contains(value))
        continue;
      needed.insert(op.operand_begin(), op.operand_end());
      if (isa<arith::CmpFOp, SignOp, SgnOp, RoundOp, math::FloorOp, math::CeilOp, NearestOp,
              LowerOp, UpperOp>(op) &&
          !isa<VectorType>(value.getType()) && scratch.dependsOnLatent(value))
        ops.push_back(value);
    }
  }

  bool empty() const { return ops.empty(); }

  /// What they are at a latent, and last the projection.
  SmallVector<double> at(double x) {
    setLatent(scratch, point, x);
    auto values = scratch.evaluate(point);
    SmallVector<double> all;
    for (Value op : ops)
      all.push_back(values.lookup(op)[0]);
    all.push_back(values.lookup(root)[0]);
    return all;
  }

  /// The projection near `where`, with all of them as they were.
  Interval around(Interval where, ArrayRef<double> as) {
    DenseMap<Value, Interval> held;
    for (auto [op, value] : llvm::zip(ops, as))
      held[op] = Interval::point(value);
    Box box = boxOf(point);
    box[scratch.latent() - scratch.leaves().data()] = where;
    return scratch.ranges(box, Scratch::Constants::Written, &held).lookup(root);
  }

private:
  const Scratch &scratch;
  Value root;
  Point point;
  SmallVector<Value> ops;
};

} // namespace

/// Where something turns between two samples the projection is bounded on either side of that
/// place, as it was on that side: bounds that are apart are a jump.
std::optional<Finding> Projection::findJumpAtSetting() {
  std::vector<double> xs = samples(scratch, {}).front();
  for (int k = 2; k <= 12; ++k)
    xs.insert(xs.end(), {std::ldexp(1.0, k), -std::ldexp(1.0, k)});
  llvm::sort(xs);
  unsigned turns = 0;
  for (const Point &point : settings()) {
    bool isPlain = llvm::all_of(point, [](const Numbers &numbers) {
      return numbers.size() == 1 && std::abs(numbers[0]) <= maxSetting;
    });
    Turns all(scratch, root, point);
    if (!isPlain || all.empty())
      continue;
    SmallVector<double> left = all.at(xs.front());
    for (size_t i = 1; i < xs.size(); ++i) {
      SmallVector<double> before = left, after = all.at(xs[i]);
      left = after;
      double low = xs[i - 1], high = xs[i];
      auto turning = [&](ArrayRef<double> here) { // the first that differs
        size_t k = 0;
        while (k + 1 < here.size() && here[k] == before[k])
          ++k;
        return k;
      };
      size_t which = turning(after);
      if (which + 1 == after.size())
        continue;
      if (++turns > maxTurns)
        return std::nullopt;
      while (high - low > 0x1p-45 * std::max({1.0, std::abs(low), std::abs(high)})) {
        double middle = low + (high - low) / 2;
        SmallVector<double> here = all.at(middle);
        bool isLeft = here[which] == before[which];
        (isLeft ? low : high) = middle;
        (isLeft ? before : after) = here;
      }
      // As far as the place itself may move when a constant is rounded.
      double slack = roundingOf(std::max(std::abs(low), std::abs(high)));
      Interval where{low - slack, high + slack};
      Interval from = all.around(where, ArrayRef(before).drop_back()),
               to = all.around(where, ArrayRef(after).drop_back());
      double gap = std::max(to.lo - from.hi, from.lo - to.hi);
      double width = (from.hi - from.lo) + (to.hi - to.lo);
      double size = std::max(std::abs(from.lo), std::abs(to.lo));
      if (!(gap > 1e-6 * size && gap > 8 * width && gap > 0))
        continue;
      double place = std::abs(high) < 0x1p-40 ? 0 : high;
      return Finding::refuted("the projection jumps at x = " + describe(place) + " from " +
                              describe(before.back()) + " to " + describe(after.back()) +
                              at(point));
    }
  }
  return std::nullopt;
}
