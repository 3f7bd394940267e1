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
  HighOp high;
  PenaltyOp penalty;
  ProxOp prox;
  FreezeOp freeze;
  FinalOp final;
  StepOp step;
  PublishOp publish;

  /// The learned values, in textual order.
  llvm::SmallVector<LearnOp> learned;
  /// The states, in textual order.
  llvm::SmallVector<StateOp> states;

  bool isAgile() { return update && update.getKind() == UpdateKind::Agile; }
  /// The clause that a calculus op names.
  mlir::Operation *find(Clause clause);
  /// What the network multiplies with: the value of `weight`, of `project`, or the latent.
  mlir::Value published();
};

/// The yield that ends a clause's region.
YieldOp yieldOf(mlir::Region &body);

/// Moves a declaration, with what it reads, above `anchor`, which it must not read.
void hoistAbove(mlir::Operation *op, mlir::Operation *anchor);

/// Erases what nobody reads any more.
void eraseDead(mlir::Block &block);

/// Clones the region's operations, but not its yield. What is captured and depends on a value that
/// the mapping replaces, such as levels made of the latent, is made again here; the rest stays
/// captured.
void cloneBody(mlir::OpBuilder &builder, mlir::Region &body, mlir::IRMapping &mapping);

/// The same for a clause with one value; returns that value's clone.
mlir::Value cloneClause(mlir::OpBuilder &builder, mlir::Region &body, mlir::IRMapping &mapping);

} // namespace bregman
