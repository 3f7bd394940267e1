// Where counterexamples are looked for.
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

std::vector<std::vector<double>> prove::samples(const Scratch &scratch, ArrayRef<double> levels) {
  std::vector<double> simple{0}, more, all;
  for (double x = 0.25; x <= 2; x += 0.25)
    simple.insert(simple.end(), {x, -x});
  for (size_t i = 0; i < levels.size(); ++i) {
    simple.push_back(levels[i]);
    if (i)
      simple.push_back((levels[i - 1] + levels[i]) / 2);
  }
  // Constants of the clause are where it may bend.
  for (Operation &op : const_cast<Scratch &>(scratch).block())
    if (isa<arith::ConstantOp>(op) && !isa<VectorType>(op.getResult(0).getType()))
      if (auto number = scratch.number(op.getResult(0)))
        more.insert(more.end(), {*number, -*number});
  for (double x = 0.0625; x <= 8; x += 0.0625)
    more.insert(more.end(), {x, -x});
  for (int k = 4; k <= 12; ++k)
    more.insert(more.end(), {std::ldexp(1.0, k), -std::ldexp(1.0, k)});
  more.insert(more.end(), simple.begin(), simple.end());
  for (double x : more)
    all.insert(all.end(),
               {x, std::nextafterf(float(x), -INFINITY), std::nextafterf(float(x), INFINITY)});
  for (int k = -24; k <= 64; k += 4)
    all.insert(all.end(), {std::ldexp(1.0, k), -std::ldexp(1.0, k)});
  for (double x = 8; x < 65536; x *= 1.125)
    all.insert(all.end(), {x, -x});
  std::vector<std::vector<double>> tiers{simple, more, all};
  for (std::vector<double> &tier : tiers) {
    for (double &x : tier)
      x = float(x);
    llvm::erase_if(tier, [](double x) { return !std::isfinite(x); });
    llvm::sort(tier);
    tier.erase(std::unique(tier.begin(), tier.end()), tier.end());
  }
  return tiers;
}

std::vector<Point> prove::settings(const Scratch &scratch) {
  Point now = scratch.now(0);
  std::vector<Point> all{now};
  for (auto [i, leaf] : llvm::enumerate(scratch.leaves())) {
    if (leaf.kind == Leaf::Kind::Latent || leaf.range.isPoint())
      continue;
    std::vector<double> values;
    if (leaf.kind == Leaf::Kind::Shared) { // what some weights give, whatever this one is
      for (double value : {2.0, 0.5, -2.0})
        if (leaf.range.contains(value))
          values.push_back(value);
    } else
      for (double value : {leaf.range.lo, leaf.range.hi}) {
        if (value == 0 && leaf.isPositive) // a decay comes near 0, but not there
          value = 0x1p-20;
        values.push_back(std::isinf(value) ? std::copysign(16.0, value) : value);
      }
    if (leaf.range.contains(0) && !leaf.isPositive && leaf.kind != Leaf::Kind::Shared)
      values.push_back(0);
    if (leaf.range.lo > 0 && std::isfinite(leaf.range.hi))
      values.push_back(std::sqrt(leaf.range.lo) * std::sqrt(leaf.range.hi));
    if (leaf.range.contains(2))
      values.push_back(2);
    for (double value : values) {
      Point setting = now;
      llvm::fill(setting[i], value);
      all.push_back(setting);
    }
  }
  return all;
}

std::string prove::describeSetting(const Scratch &scratch, const Point &point) {
  std::string text;
  for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), point)) {
    if (leaf.kind == Leaf::Kind::Latent ||
        (leaf.range.isPoint() && leaf.kind == Leaf::Kind::Parameter))
      continue;
    text += (text.empty() ? " at " : ", ") + leaf.name + " = " + describe(numbers[0]);
  }
  return text;
}

Numbers prove::levelsAt(const Scratch &scratch, Value levels, const Point &point) {
  return scratch.evaluate(point).lookup(levels);
}
