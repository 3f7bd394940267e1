// What `prox` is a sum of, the same answer for the rule (Q8) and for the pass that expands it.
#pragma once

#include "dialect/BregmanDialect.h"

namespace bregman {

/// A value that x has no part in; of a row of levels one level.
struct ProxNumber {
  mlir::Value value;
  unsigned level = 0;
  bool operator==(const ProxNumber &other) const = default;
};

/// weight |y| or weight y^2, where y is made of x by a chain of steps.
struct ProxTerm {
  struct Factor {
    ProxNumber number;
    bool divides = false;
  };
  /// One step from x to y, in the order in which they are taken.
  struct Step {
    enum class Kind { Multiply, Divide, Add, Subtract, Negate } kind;
    ProxNumber number;
    bool operator==(const Step &other) const = default;
  };
  mlir::Value whole;  ///< as written, for messages
  unsigned level = 0; ///< of the latent, where it has a level axis
  bool isSquare = false;
  double sign = 1; ///< beside `weight`; of a mean it is a share
  llvm::SmallVector<Factor> weight = {};
  llvm::SmallVector<Step> steps = {};
  NearestOp nearest = {}; ///< where y is made of x - nearest(x), and by factors alone
};

struct ProxTerms {
  std::vector<ProxTerm> terms;
  mlir::Value refused;     ///< the first one that is neither
  bool areTooMany = false; ///< `refused` is where they were given up
};

/// The terms of `root`. Sums and means over levels are taken apart. `dependsOnLatent` tells of what
/// x has a part in; `isSame` whether two values are computed alike.
ProxTerms proxTerms(mlir::Value root, mlir::Value latent,
                    llvm::function_ref<bool(mlir::Value)> dependsOnLatent,
                    llvm::function_ref<bool(mlir::Value, mlir::Value)> isSame);

} // namespace bregman
