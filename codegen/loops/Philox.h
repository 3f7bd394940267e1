// Random numbers in a loop: Philox 4x32-10 on vectors of counters, or on one.
#pragma once

#include "mlir/IR/Builders.h"

namespace bregman {

/// What the numbers of a tensor follow from in one step. All i32 but `first`, i64.
struct RandomKey {
  mlir::Value first; ///< the index of the loop's element 0
  mlir::Value parameter, step, next, seed[2];

  /// From an abi::Random, at the insertion point.
  static RandomKey load(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value record);
};

class Philox {
public:
  /// Prepares at the insertion point, in front of the loop.
  Philox(mlir::OpBuilder &builder, mlir::Location loc, int lanes, const RandomKey &key);

  /// Lanes of f32, uniform in [0, 1), for the elements from `index` on; of the next step or the
  /// present one.
  mlir::Value numbers(mlir::Value index, bool next);

private:
  mlir::Value constant(uint32_t value);
  mlir::Value spread(mlir::Value number);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Type words;
  mlir::Value first, parameter, step, next;
  llvm::SmallVector<mlir::Value> keys[2]; ///< of each round
};

} // namespace bregman
