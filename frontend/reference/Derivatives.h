// Everything that the model hands on, by directional derivatives: c = dL/du, J^T c, dL/dn of a
// learned value, and what a penalty adds to each.
#pragma once

#include "frontend/reference/Clauses.h"
#include "frontend/reference/Variable.h"

namespace bregman::reference {

/// What is handed on by one step.
struct HandedOn {
  Tensor h;                                          ///< to the optimizer of the latent
  llvm::DenseMap<mlir::Operation *, Tensor> learned; ///< dL/dn by `learn`, an entry per segment
};

/// Phase 2 at `point`; `host` knows what no weight enters, `learned` the variable of each `learn`.
/// Of constrained training `high` is dL/dw of the float branch, through which the latent moves.
mlir::FailureOr<HandedOn> handOn(const Clauses &clauses, const Environment &host,
                                 const Point &point, const Tensor &g,
                                 const llvm::DenseMap<mlir::Operation *, const Variable *> &learned,
                                 const Tensor *high = nullptr);

} // namespace bregman::reference
