// A reduction in an optimizer's body, over the numbers that the optimizer moves.
#pragma once

#include "dialect/BregmanDialect.h"

namespace bregman {

/// `moved` says which weights share one of the moved numbers: null for a latent and for what is
/// learned per weight. What is learned for more weights is a parameter of its own, one number after
/// another, each a channel. On levels the reduction goes level by level. The condition may be null.
mlir::Value reduceInOptimizer(mlir::OpBuilder &builder, ReduceOp op, ExtentAttr moved,
                              mlir::Value operand, mlir::Value condition);

/// Over which weights a state of extent `declared` is one value, beside what is moved.
ExtentAttr extentInOptimizer(ExtentAttr declared, ExtentAttr moved);

} // namespace bregman
