// Monotonicity by composition: the slope of each function within the range of its operands.
#pragma once

#include "passes/prove/Scratch.h"

namespace bregman::prove {

struct Shape {
  Direction direction = Direction::Constant;
  bool strict = false;
  bool continuous = true;
};

/// How a value moves with the one value through which it depends on the latent.
struct Refined {
  mlir::Value inner;
  Shape shape;
  Interval low, high; ///< what it tends to at the ends of where `inner` lies
};

/// What is known of the values that a root is composed of.
struct Composition {
  /// Values that slopes say nothing about, but the algebra does.
  llvm::DenseMap<mlir::Value, Refined> refined;
  /// At any admissible setting; of what is refined more than its operands' ranges say.
  llvm::DenseMap<mlir::Value, Interval> ranges;
};

/// How `root` moves with the latent when the host's numbers are anywhere admissible.
Shape shapeOf(Scratch &scratch, mlir::Value root, Composition &composition);

/// What each value tends to at an end of the line; all reals where the composition does not say.
llvm::DenseMap<mlir::Value, Interval> limitsOf(const Scratch &scratch, End end,
                                               const Composition &composition);

} // namespace bregman::prove
