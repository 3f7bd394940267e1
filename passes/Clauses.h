// Reading the clauses of a quantizer.
#pragma once

#include "dialect/BregmanDialect.h"

#include "mlir/IR/IRMapping.h"

namespace bregman {

/// The clauses of one quantizer; null where it has none of the kind.
struct Clauses {
  explicit Clauses(QuantizerOp quantizer);

  QuantizerOp quantizer;
  LevelsOp levels;
  LatentOp latent;
  ProjectOp project;
  WeightOp weight;
  UpdateOp update;
  ProxOp prox;
  FreezeOp freeze;
  FinalOp final;
  StepOp step;
  PublishOp publish;

  bool isAgile() { return update && update.getKind() == UpdateKind::Agile; }
  /// The clause that a calculus op names.
  mlir::Region &body(Clause clause);
};

/// The yield that ends a clause's region.
YieldOp yieldOf(mlir::Region &body);

/// Clones the region's operations, but not its yield. What the mapping does not say is captured.
void cloneBody(mlir::OpBuilder &builder, mlir::Region &body, mlir::IRMapping &mapping);

/// The same for a clause with one value; returns that value's clone.
mlir::Value cloneClause(mlir::OpBuilder &builder, mlir::Region &body, mlir::IRMapping &mapping);

} // namespace bregman
