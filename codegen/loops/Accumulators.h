// The reductions of a sweep: what a loop keeps from iteration to iteration, and the records that it
// leaves (abi::Partial).
#pragma once

#include "dialect/BregmanDialect.h"

namespace bregman {

class Accumulators {
public:
  Accumulators(mlir::OpBuilder &builder, mlir::Location loc, int lanes)
      : builder(builder), loc(loc), lanes(lanes) {}

  /// A reduction whose record is written to `record`; `isMasked` says whether it has a condition.
  void declare(Reduction kind, mlir::Value record, bool isMasked);
  bool empty() const { return reductions.empty(); }

  /// What the loop begins with: for each reduction in turn its sums, then its count.
  llvm::SmallVector<mlir::Value> initial();

  /// Vectors of one reduction in one iteration: what is reduced and, or null, where.
  struct Elements {
    llvm::SmallVector<mlir::Value> values, conditions;
  };
  /// The state after an iteration over `elements`, one entry for each reduction. `tail` has, or is
  /// null, which lanes of each vector there are.
  llvm::SmallVector<mlir::Value> add(mlir::ValueRange state, llvm::ArrayRef<Elements> elements,
                                     llvm::ArrayRef<mlir::Value> tail);

  /// Writes the records of a call of `size` elements that has left `state`.
  void store(mlir::ValueRange state, mlir::Value size);

private:
  struct Accumulated {
    Reduction kind;
    mlir::Value record;
    bool isMasked;

    bool hasSquares() const { return kind == Reduction::Std; }
  };

  /// Vectors that one sum takes: 16 accumulators whatever the lanes.
  int slots() const;
  mlir::VectorType lanesOf(mlir::Type element) const {
    return mlir::VectorType::get({lanes}, element);
  }
  mlir::Value splat(mlir::Type element, double value);
  mlir::Value neutral(const Accumulated &reduction);
  /// One number of the accumulators in `slots`.
  mlir::Value combine(const Accumulated &reduction, mlir::ValueRange slots);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  int lanes;
  llvm::SmallVector<Accumulated> reductions;
};

} // namespace bregman
