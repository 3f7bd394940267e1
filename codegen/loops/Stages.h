// A body in two stages: what the state waits for, and what only the written streams wait for.
//
// One weight's way from the gradient to what is published is a chain of some hundred cycles, most
// of it in functions that no state depends on. A core holds too few operations to overlap enough of
// such chains. Two stages on different weights are two chains of half the length.
#pragma once

#include "dialect/BregmanDialect.h"

#include "llvm/ADT/DenseSet.h"

namespace bregman {

struct Stages {
  /// The operations of the second stage, which runs one iteration behind. Empty where two stages
  /// gain nothing: where no state is written, or no function is left for the second.
  llvm::DenseSet<mlir::Operation *> late;
  /// What the first stage leaves to the second, all f32.
  llvm::SmallVector<mlir::Value> carried;

  bool areTwo() const { return !late.empty(); }
  /// Whether the second stage makes this value of the body.
  bool isLate(mlir::Value value) const { return late.contains(value.getDefiningOp()); }
};

Stages findStages(KernelOp kernel, SweepOp sweep);

} // namespace bregman
