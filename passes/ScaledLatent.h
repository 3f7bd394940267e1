// How a projection reads its latent: P(x) = R(c x) with host scalars split into their factors, the
// same answer for the rule (Q13) and for the rewrite that relies on it.
#pragma once

#include "passes/HostArithmetic.h"

namespace bregman {

/// A factor of a host product, or a divisor.
struct HostFactor {
  HostScalar scalar;
  bool divides = false;
  bool isCommon = false; ///< part of c
};

/// One place where the projection reads the latent, and what it is multiplied by there.
struct LatentRead {
  /// An op that multiplies by a host scalar, or one that a positive factor passes through: abs, a
  /// change of sign. The latter has no factors.
  struct Link {
    mlir::Operation *op;
    HostScalar scalar = 1; ///< as written
    llvm::SmallVector<HostFactor, 2> factors = {};
    bool isCommon() const;
  };
  mlir::OpOperand *use;
  llvm::SmallVector<Link, 2> links;
  /// Only the sign is asked for, which no c > 0 changes.
  bool isOfSign = false;
};

struct ScaledLatent {
  llvm::SmallVector<LatentRead> reads;
  /// c, as factors in the order of the first read.
  llvm::SmallVector<HostFactor> scale;
  /// The first op of R that a schedule, a counter or a state reaches, and what reaches it.
  mlir::Operation *moved = nullptr;
  mlir::Value by;
};

/// Splits what `body` multiplies `latent` by into c, common to all reads, and the rest.
/// `isPositive` tells of which host values c may be made.
ScaledLatent scaledLatent(mlir::Region &body, mlir::Value latent,
                          llvm::function_ref<bool(mlir::Value)> isPositive);

/// Whether two host values are computed alike.
bool isSame(mlir::Value a, mlir::Value b);

/// A value that changes from step to step in `value`, or null: a counter, a schedule, a state, a
/// learned or a random value.
mlir::Value movingPart(mlir::Value value);

} // namespace bregman
