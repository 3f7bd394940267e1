// Copies the arithmetic of a kernel onto the values that a loop works on.
#pragma once

#include "dialect/BregmanDialect.h"

#include "mlir/IR/IRMapping.h"

namespace bregman {

class BodyCopier {
public:
  /// Each of `parts` has, for the kernel's values, those of `lanes` weights.
  BodyCopier(mlir::OpBuilder &builder, int lanes, llvm::MutableArrayRef<mlir::IRMapping> parts)
      : builder(builder), lanes(lanes), parts(parts) {}

  /// Copies `op`, which is elementwise, for every part. What is the same for every weight is
  /// computed once, in front of `loop`, where there is a loop yet.
  mlir::LogicalResult copy(mlir::Operation *op, mlir::Operation *loop);

private:
  mlir::OpBuilder &builder;
  int lanes;
  llvm::MutableArrayRef<mlir::IRMapping> parts;
};

} // namespace bregman
