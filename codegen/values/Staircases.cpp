// The functions of a value and a set of levels: nearest, lower, upper, soft_nearest.
//
// All go by thresholds between sorted levels. A comparison with NaN is false, so a result that
// starts as x itself and is replaced wherever a comparison holds passes NaN.
#include "codegen/values/Values.h"

#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;

namespace bregman {

/// The numbers of a constant in increasing order, or nothing.
static SmallVector<float> constantLevels(Value levels) {
  SmallVector<float> numbers;
  DenseFPElementsAttr elements;
  if (matchPattern(levels, m_Constant(&elements)))
    for (const APFloat &f : elements)
      numbers.push_back(f.convertToFloat());
  llvm::sort(numbers);
  return numbers;
}

/// The least f32 that is no smaller than (a + b) / 2: x >= it just where x >= the midpoint itself.
static float midpointUp(float a, float b) {
  // Exact unless the smaller one is below 2^-29 of the other; then no f32 lies between sum and
  // midpoint.
  double middle = (static_cast<double>(a) + static_cast<double>(b)) / 2;
  auto rounded = static_cast<float>(middle);
  return rounded < middle ? std::nextafterf(rounded, INFINITY) : rounded;
}

namespace {
/// Levels in increasing order, with the points from which on the next one is nearer.
struct Stairs {
  SmallVector<Value> levels, middles;
};
} // namespace

static Stairs buildStairs(ValueBuilder &b, Value x, Value levels) {
  Stairs stairs;
  SmallVector<float> numbers = constantLevels(levels);
  for (float number : numbers)
    stairs.levels.push_back(b.constant(x, number));
  for (size_t i = 0; i + 1 < numbers.size(); ++i)
    stairs.middles.push_back(b.constant(x, midpointUp(numbers[i], numbers[i + 1])));
  if (!numbers.empty())
    return stairs;
  stairs.levels = buildSorted(b, b.levelsOf(levels));
  Value half = b.constant(x, 0.5f);
  for (size_t i = 0; i + 1 < stairs.levels.size(); ++i)
    stairs.middles.push_back(
        b.add(b.mul(half, stairs.levels[i]), b.mul(half, stairs.levels[i + 1])));
  return stairs;
}

/// treads[i + 1] from thresholds[i] on, treads[0] below all of them, NaN for NaN.
static Value buildSteps(ValueBuilder &b, Value x, ArrayRef<Value> thresholds,
                        ArrayRef<Value> treads) {
  if (thresholds.empty())
    return b.select(b.eitherIsNaN(x, x), x, treads.front());
  Value result = b.select(b.less(x, thresholds.front()), treads.front(), x);
  for (auto [threshold, tread] : llvm::zip(thresholds, treads.drop_front()))
    result = b.select(b.atLeast(x, threshold), tread, result);
  return result;
}

Value buildNearest(ValueBuilder &b, Value x, Value levels) {
  Stairs stairs = buildStairs(b, x, levels);
  return buildSteps(b, x, stairs.middles, stairs.levels);
}

// Of d levels there are d - 1 neighbouring pairs; the inner levels are where the pair changes.
Value buildLower(ValueBuilder &b, Value x, Value levels) {
  SmallVector<Value> sorted = buildStairs(b, x, levels).levels;
  ArrayRef<Value> all = sorted;
  return buildSteps(b, x, all.drop_front().drop_back(), all.drop_back());
}

Value buildUpper(ValueBuilder &b, Value x, Value levels) {
  SmallVector<Value> sorted = buildStairs(b, x, levels).levels;
  ArrayRef<Value> all = sorted;
  return buildSteps(b, x, all.drop_front().drop_back(), all.drop_front());
}

Value buildSoftNearest(ValueBuilder &b, Value x, Value steepness, Value levels) {
  SmallVector<float> numbers = constantLevels(levels);
  Stairs stairs = buildStairs(b, x, levels);
  SmallVector<Value> terms;
  for (size_t i = 0; i < stairs.middles.size(); ++i) {
    Value middle = stairs.middles[i];
    Value rise = b.sub(stairs.levels[i + 1], stairs.levels[i]);
    if (!numbers.empty()) {
      // Here the midpoint is a number, not a threshold: rounded to nearest.
      middle =
          b.constant(x, static_cast<float>((static_cast<double>(numbers[i]) + numbers[i + 1]) / 2));
      rise = b.constant(x, numbers[i + 1] - numbers[i]);
    }
    terms.push_back(b.mul(rise, b.sigmoid(b.mul(steepness, b.sub(x, middle)))));
  }
  return b.add(stairs.levels.front(), b.sum(terms));
}

} // namespace bregman
