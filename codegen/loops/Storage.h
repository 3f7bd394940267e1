// How stored elements become f32 lanes and back: widening is exact, narrowing rounds to nearest
// even and keeps NaN.
#pragma once

#include "mlir/IR/Builders.h"

namespace bregman {

/// The element as which `storage` (f32, bf16, f16) is loaded and stored: its bits, where it is
/// narrower than f32, since masked moves of 16-bit floats are not native everywhere.
mlir::Type memoryElement(mlir::Type storage);

/// f32 lanes, or a scalar, from loaded ones.
mlir::Value widen(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value loaded,
                  mlir::Type storage);
/// Lanes to store from f32 lanes.
mlir::Value narrow(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value lanes,
                   mlir::Type storage);

} // namespace bregman
