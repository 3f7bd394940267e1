// Monotonicity by composition: the slope of each function within the range of its operands.
#pragma once

#include "passes/prove/Scratch.h"

namespace bregman::prove {

struct Shape {
  Direction direction = Direction::Constant;
  bool strict = false;
  bool continuous = true;
};

struct Refined;
/// Values that slopes say nothing about, but the algebra does.
using Refinements = llvm::DenseMap<mlir::Value, Refined>;

/// How `root` moves with the latent when the host's numbers are anywhere admissible.
Shape shapeOf(Scratch &scratch, mlir::Value root, Refinements &refinements);

/// What each value tends to at an end of the line; all reals where the composition does not say.
llvm::DenseMap<mlir::Value, Interval> limitsOf(const Scratch &scratch, End end,
                                               const Refinements &refinements);

} // namespace bregman::prove
