// Q9, a warning: with the schedules at their limit the weight is `final`, off the ties.
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

/// What the rounding of a constant may do where a schedule is at 1e35.
static constexpr double closeEnough = 1e-5;

Finding prove::checkQ9(Clauses &clauses) {
  Scratch scratch(clauses.quantizer);
  Value weight =
      scratch.value(clauses.weight ? clauses.weight.getResult() : clauses.project.getResult());
  Value last = scratch.add(clauses.final.getBody());
  Value codebook = scratch.value(clauses.levels.getResult());
  Point point = scratch.now(0);
  bool anneals = false, isSingle = true;
  for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), point))
    if (leaf.kind == Leaf::Kind::Schedule || leaf.kind == Leaf::Kind::Counter) {
      llvm::fill(numbers, leaf.late);
      anneals = true;
    } else if (leaf.kind == Leaf::Kind::State || leaf.kind == Leaf::Kind::Drawn) {
      return Finding::proved("samples: a state's values are not known before the run");
    }
  for (const Numbers &numbers : point)
    isSingle &= numbers.size() == 1;
  // Off the ties: numbers without a small denominator, then beside where a tie may be.
  std::vector<double> xs{0.318309886, -0.318309886, 1.61803399, -1.61803399,
                         0.0823,      -0.0823,      2.71828183};
  const Numbers levels = isSingle ? scratch.evaluate(point).lookup(codebook) : Numbers{};
  const std::vector<double> ties = samples(scratch, levels).front();
  for (double tie : ties)
    for (double away : {0x1p-4, 0x1p-6})
      xs.insert(xs.end(), {tie + away, tie - away});
  for (double x : xs) {
    for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), point))
      if (leaf.kind == Leaf::Kind::Latent)
        for (auto [i, number] : llvm::enumerate(numbers))
          number = numbers.size() == 1 ? x : x * std::cos(1.0 + 2.0 * i);
    auto values = scratch.evaluate(point);
    double soft = values.lookup(weight)[0], hard = values.lookup(last)[0];
    if (!std::isfinite(soft) || !std::isfinite(hard) ||
        std::abs(soft - hard) <= closeEnough * std::max(1.0, std::abs(hard)))
      continue;
    if (isSingle) { // what cancels at 1e35 may be anything in doubles
      Box box;
      for (const Numbers &numbers : point)
        box.push_back(Interval::point(numbers[0]));
      if (scratch.range(weight, box).contains(hard))
        continue;
    }
    std::string text = anneals ? "with its schedules at their limit the projection"
                               : "the projection, which no schedule sharpens,";
    text += " is not `final`: at x = ";
    bool begun = false;
    for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), point))
      if (leaf.kind == Leaf::Kind::Latent)
        for (double number : numbers) {
          text += (begun ? ", " : "") + describe(number);
          begun = true;
        }
    return Finding::warned(text + " w = " + describe(soft) + " and final = " + describe(hard) +
                           describeSetting(scratch, point));
  }
  return Finding::proved("samples: the weight tends to final");
}
