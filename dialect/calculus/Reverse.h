// Reverse-mode differentiation of straight-line IR by the calculus interface alone.
#pragma once

#include "dialect/BregmanDialect.h"

namespace bregman {

/// Emits J^T c of `root` with respect to each of `leaves`: one value per leaf, null where the
/// derivative is zero everywhere. What defines `root` must dominate the builder's place; leaves are
/// not differentiated through. The derivative of a select is a select of derivatives: the arms are
/// differentiated apart, so that no NaN of the arm not taken reaches a leaf.
///
/// Where a reduction over weights stands in between, what is shared by many weights has a cotangent
/// per weight that is that weight's contribution: the derivative is their sum. So is it for a leaf:
/// `sumOver` adds a leaf's contributions up.
///
/// Fails, with a diagnostic at the op, on an op without calculus that depends on a leaf.
mlir::LogicalResult differentiate(mlir::OpBuilder &builder, mlir::Value root, mlir::Value cotangent,
                                  llvm::ArrayRef<mlir::Value> leaves,
                                  llvm::SmallVectorImpl<mlir::Value> &results);

/// What a value that weights share, by its extent, takes from their contributions; `contributions`
/// itself for a value per weight.
mlir::Value sumOver(mlir::OpBuilder &builder, ExtentAttr extent, mlir::Value contributions);

} // namespace bregman
