// The declarations of a quantizer, evaluated in textual order.
#pragma once

#include "frontend/reference/Clock.h"
#include "frontend/reference/Interpreter.h"

namespace bregman::reference {

/// Where declarations are evaluated: at a latent and at stored values, which may carry tangents.
struct Point {
  Tensor x;
  llvm::DenseMap<mlir::Operation *, Tensor> stored; ///< of `state` and `learn`
  /// The target and the weight are taken as constants, whatever they are computed from.
  bool holdsWeight = false;
};

class Clauses {
public:
  explicit Clauses(QuantizerOp quantizer);

  /// What no weight enters: parameters, counters, states of the run (before there is one, what it
  /// begins with), schedules.
  mlir::LogicalResult host(Environment &environment, const Clock &clock,
                           const Parameters &parameters, const Point &point) const;
  /// All declarations; without `target` neither project nor weight.
  mlir::LogicalResult declare(Environment &environment, const Point &point,
                              bool target = true) const;
  /// What a clause reads, itself and through others; the rest may have no value yet.
  mlir::LogicalResult declareReads(mlir::Operation *reader, Environment &environment,
                                   const Point &point) const;
  /// One of them.
  mlir::LogicalResult declare(mlir::Operation &op, Environment &environment,
                              const Point &point) const;

  bool agile() const { return update && UpdateOp(update).getKind() == UpdateKind::Agile; }
  /// The value that is w: of `weight`, of `project`, or the latent.
  mlir::Value weightValue() const;
  /// The value that is u.
  mlir::Value targetValue() const;

  QuantizerOp quantizer;
  LatentOp latent;
  ProjectOp project;
  WeightOp weight;
  HighOp high;
  UpdateOp update;
  FinalOp final;
  /// How far a weight may reach through the declarations and penalties.
  ExtentAttr reach;
};

} // namespace bregman::reference
