// Projections that read a host scalar and x apart, and yet only a product of them: x / sqrt(T^2 +
// x^2) is R(x / T). How they are to be written for agile mirror descent.
#pragma once

#include "dialect/BregmanDialect.h"

#include <optional>

namespace bregman {

/// P is a function of scale^power times the latent.
struct Homogeneity {
  mlir::Value scale; ///< of the host, above 0
  double power;
};

/// What `body` is homogeneous in, where nothing else in it moves. `isPositive` tells which host
/// values may be the scale.
std::optional<Homogeneity> homogeneityOf(mlir::Region &body, mlir::Value latent,
                                         llvm::function_ref<bool(mlir::Value)> isPositive);

} // namespace bregman
