// Projections that read host scalars and x apart, and yet only a product of them: x / sqrt(T^2 +
// x^2) is R(x / T). What c and R are.
#pragma once

#include "passes/Exponent.h"
#include "passes/ScaledLatent.h"

namespace bregman {

/// P(x) = R(c x). As P holds whatever positive numbers the moving scalars are, R is P where each of
/// them is 1.
struct Homogeneity {
  struct Factor {
    mlir::Value scalar;
    Exponent power;
  };
  std::vector<Factor> scale;           ///< c
  Exponents exponents;                 ///< what the powers are made of
  llvm::SmallVector<mlir::Value> ones; ///< what is 1 in R
};

/// How `body` is homogeneous, if it is. `isPositive` tells which host values may be made 1.
std::optional<Homogeneity> homogeneityOf(mlir::Region &body, mlir::Value latent,
                                         llvm::function_ref<bool(mlir::Value)> isPositive);

/// Writes R: the values of `ones` are 1 wherever `body` reads them.
void writeAtOne(mlir::Region &body, llvm::ArrayRef<mlir::Value> ones);

} // namespace bregman
