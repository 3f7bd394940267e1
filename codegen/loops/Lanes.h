// Values of several weights at once: vectors on the host, scalars where a thread has one.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinTypes.h"

namespace bregman {

/// The type of `lanes` elements; of one lane the element itself.
inline mlir::Type lanesOf(mlir::Type element, int lanes) {
  return lanes == 1 ? element : mlir::VectorType::get({lanes}, element);
}

/// As many elements of another type as `type` has.
inline mlir::Type likeLanes(mlir::Type type, mlir::Type element) {
  auto vector = mlir::dyn_cast<mlir::VectorType>(type);
  return vector ? vector.clone(element) : element;
}

/// The same number in every lane.
inline mlir::Value constantLanes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type,
                                 mlir::TypedAttr number) {
  if (auto vector = mlir::dyn_cast<mlir::VectorType>(type))
    number = mlir::DenseElementsAttr::get(vector, mlir::cast<mlir::Attribute>(number));
  return mlir::arith::ConstantOp::create(builder, loc, number);
}

inline mlir::Value spreadLanes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type,
                               mlir::Value number) {
  return mlir::isa<mlir::VectorType>(type)
             ? mlir::vector::BroadcastOp::create(builder, loc, type, number)
             : number;
}

} // namespace bregman
