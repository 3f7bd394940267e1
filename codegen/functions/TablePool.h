// The tables of a module's functions as one constant array in a GPU's memory. A look-up there is
// one load that the first cache serves; by selects it would be ten operations.
#pragma once

#include "codegen/functions/LaneBuilder.h"

#include "mlir/IR/BuiltinOps.h"

namespace bregman {

class TablePool {
public:
  /// Emits table[index] for the three low bits of `index`, an i32.
  mlir::Value lookUp(mlir::OpBuilder &builder, mlir::Location loc, const Table8 &table,
                     mlir::Value index);
  /// Adds the array to `module`, which has a function that looks up.
  void define(mlir::ModuleOp module);

private:
  std::vector<float> entries;
};

} // namespace bregman
