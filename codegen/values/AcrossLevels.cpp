// The functions over the level axis: softmax, sparsemax, hardmax, reductions.
#include "codegen/values/Values.h"

using namespace mlir;

namespace bregman {

// One exponential: with t = c (x0 - x1), e = exp(-|t|) the two are 1 / (1 + e) and e / (1 + e).
// Right for any sign of c.
static Value buildSoftmaxOfTwo(ValueBuilder &b, ArrayRef<Value> x, Value scale) {
  Value t = b.sub(x[0], x[1]);
  if (scale)
    t = b.mul(scale, t);
  Value e = b.exp(b.neg(b.abs(t)));
  Value one = b.constant(t, 1);
  Value larger = b.div(one, b.add(one, e));
  Value smaller = b.mul(e, larger);
  Value first = b.atLeast(t, b.constant(t, 0));
  return b.fromLevels({b.select(first, larger, smaller), b.select(first, smaller, larger)});
}

Value buildSoftmax(ValueBuilder &b, Value x, Value scale) {
  SmallVector<Value> levels = b.levelsOf(x);
  if (levels.size() == 2)
    return buildSoftmaxOfTwo(b, levels, scale);
  auto max = [&](Value p, Value q) { return b.maximumOfNumbers(p, q); };
  auto min = [&](Value p, Value q) { return b.minimumOfNumbers(p, q); };
  // A NaN may be lost here, but not in the sum of the exponentials.
  Value top = b.tree(levels, max);
  if (scale) // the level with the largest exponent, were scale negative, is the least
    top = b.select(b.less(scale, b.constant(scale, 0)), b.tree(levels, min), top);
  SmallVector<Value> e;
  for (Value level : levels) {
    Value t = b.sub(level, top);
    e.push_back(b.exp(scale ? b.mul(scale, t) : t));
  }
  Value r = b.div(b.constant(top, 1), b.sum(e));
  for (Value &level : e)
    level = b.mul(level, r);
  return b.fromLevels(e);
}

SmallVector<Value> buildSorted(ValueBuilder &b, ArrayRef<Value> levels) {
  // Odd-even transposition: as many rounds as levels.
  SmallVector<Value> sorted(levels);
  for (size_t round = 0; round < sorted.size(); ++round)
    for (size_t i = round % 2; i + 1 < sorted.size(); i += 2) {
      Value low = b.minimumOfNumbers(sorted[i], sorted[i + 1]);
      Value high = b.maximumOfNumbers(sorted[i], sorted[i + 1]);
      sorted[i] = low;
      sorted[i + 1] = high;
    }
  return sorted;
}

/// Whether any level is NaN, two asked at a time.
static Value buildAnyNaN(ValueBuilder &b, ArrayRef<Value> levels) {
  SmallVector<Value> asked;
  for (size_t i = 0; i < levels.size(); i += 2)
    asked.push_back(b.eitherIsNaN(levels[i], levels[std::min(i + 1, levels.size() - 1)]));
  return ValueBuilder::tree(asked, [&](Value p, Value q) { return b.either(p, q); });
}

Value buildSparsemax(ValueBuilder &b, Value x) {
  SmallVector<Value> levels = b.levelsOf(x);
  SmallVector<Value> sorted = buildSorted(b, levels);
  // Moving all levels moves tau along; from the largest at 0 no sum overflows where it matters.
  Value top = sorted.back();
  Value one = b.constant(top, 1);
  Value sum = b.constant(top, 0), tau = b.constant(top, -1);
  for (size_t k = 2; k <= sorted.size(); ++k) {
    sum = b.add(sum, b.sub(sorted[sorted.size() - k], top));
    Value bound = b.div(b.sub(sum, one), b.constant(top, static_cast<float>(k)));
    tau = b.maximumOfNumbers(bound, tau);
  }
  Value zero = b.constant(top, 0);
  // From an infinite top nothing has a distance.
  for (Value &level : levels)
    level = b.sub(level, top);
  Value anyNaN = buildAnyNaN(b, levels);
  Value nan = b.constant(top, std::numeric_limits<float>::quiet_NaN());
  for (Value &level : levels) {
    Value above = b.sub(level, tau);
    level = b.select(anyNaN, nan, b.maximumOfNumbers(above, zero));
  }
  return b.fromLevels(levels);
}

Value buildHardmax(ValueBuilder &b, Value x) {
  SmallVector<Value> levels = b.levelsOf(x);
  auto max = [&](Value p, Value q) { return b.maximum(p, q); };
  Value top = b.tree(levels, max);
  Value one = b.constant(top, 1), zero = b.constant(top, 0);
  Value isNaN = b.eitherIsNaN(top, top);
  Value taken;
  for (Value &level : llvm::reverse(levels)) {
    Value hit = b.equal(level, top);
    Value here = taken ? b.both(hit, b.negate(taken)) : hit;
    taken = taken ? b.either(taken, hit) : hit;
    level = b.select(isNaN, top, b.select(here, one, zero));
  }
  return b.fromLevels(levels);
}

Value buildReduction(ValueBuilder &b, Reduction kind, Value x) {
  SmallVector<Value> levels = b.levelsOf(x);
  auto over = [&](Value sum, size_t count) {
    return b.div(sum, b.constant(sum, static_cast<float>(count)));
  };
  switch (kind) {
  case Reduction::Sum:
    return b.sum(levels);
  case Reduction::Mean:
    return over(b.sum(levels), levels.size());
  case Reduction::Min:
    return ValueBuilder::tree(levels, [&](Value p, Value q) { return b.minimum(p, q); });
  case Reduction::Max:
    return ValueBuilder::tree(levels, [&](Value p, Value q) { return b.maximum(p, q); });
  case Reduction::Std: {
    Value mean = over(b.sum(levels), levels.size());
    for (Value &level : levels) {
      Value off = b.sub(level, mean);
      level = b.mul(off, off);
    }
    return b.sqrt(over(b.sum(levels), levels.size() - 1));
  }
  }
  llvm_unreachable("all kinds of reduction are handled");
}

} // namespace bregman
