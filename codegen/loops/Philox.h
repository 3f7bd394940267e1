// Random numbers in a loop: Philox 4x32-10 on vectors of counters.
#pragma once

#include "mlir/IR/Builders.h"

namespace bregman {

class Philox {
public:
  /// Loads what `record`, the address of an abi::Random, holds, at the insertion point: in front of
  /// the loop.
  Philox(mlir::OpBuilder &builder, mlir::Location loc, int lanes, mlir::Value record);

  /// Lanes of f32, uniform in [0, 1), for the elements from `index` on; of the next step or the
  /// present one.
  mlir::Value numbers(mlir::Value index, bool next);

private:
  mlir::Value load(mlir::Type type, int offset);
  mlir::Value constant(uint32_t value);
  mlir::Value spread(mlir::Value number);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::VectorType words;
  mlir::Value record, first, parameter, step, next;
  llvm::SmallVector<mlir::Value> keys[2]; ///< of each round
};

} // namespace bregman
