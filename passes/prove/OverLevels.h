// The two projections over levels that are mirror maps.
#pragma once

#include "passes/prove/Scratch.h"

namespace bregman::prove {

/// softmax or sparsemax of `scale` times the latent; null members where the value is none.
struct SimplexMap {
  mlir::Operation *map = nullptr;
  mlir::SmallVector<mlir::Value> factors; ///< free of the latent
  mlir::SmallVector<mlir::Value> divisors;
  bool isLatentScaled = false; ///< the argument is the latent times factors
  Interval scale = Interval::point(1);
  bool isPositive = true; ///< that `scale` is above 0 follows from its factors
};
SimplexMap simplexMapOf(const Scratch &scratch, mlir::Value root);

} // namespace bregman::prove
