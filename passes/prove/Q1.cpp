// Q1: two or more finite levels, no two identical for all admissible values.
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include <cmath>

using namespace bregman;
using namespace bregman::prove;

Finding prove::checkQ1(Clauses &clauses) {
  Scratch scratch(clauses.quantizer);
  mlir::Value levels = scratch.value(clauses.levels.getResult());
  unsigned count = levelCount(levels.getType());
  Numbers now = levelsAt(scratch, levels, scratch.now(0));
  if (count < 2)
    return Finding::refuted("the codebook has one level, " + describe(now[0]) +
                            "; it needs two or more");
  bool constants = bool(levels.getDefiningOp<mlir::arith::ConstantOp>());
  Algebra algebra(scratch);
  Piece line{-INFINITY, INFINITY};
  std::vector<std::optional<Fraction>> all;
  for (unsigned i = 0; i < count; ++i)
    all.push_back(algebra.convert(levels, i, line));
  for (unsigned i = 0; i < count; ++i) {
    bool fixed = constants || (all[i] && all[i]->isConstant());
    if (!std::isfinite(now[i]) && fixed)
      return Finding::refuted("level " + std::to_string(i) + " is " + describe(now[i]) +
                              ", which is not finite");
  }
  for (unsigned j = 1; j < count; ++j)
    for (unsigned i = 0; i < j; ++i) {
      auto name = [&](unsigned k) {
        return "level " + std::to_string(k) + ", " + describe(now[k]);
      };
      bool same = constants ? now[i] == now[j] : all[i] && all[j] && (*all[i] - *all[j]).isZero();
      if (same)
        return Finding::refuted("two levels are one: " + name(i) + ", and " + name(j));
      bool numbers =
          constants || (all[i] && all[j] && all[i]->isConstant() && all[j]->isConstant());
      if (constants && numbers && now[i] > now[j])
        return Finding::refuted("constant levels increase as written: " + name(i) +
                                ", stands before " + name(j));
    }
  return Finding::proved("structure: no two levels are one");
}
