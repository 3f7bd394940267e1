// The functions of one weight and its levels.
#pragma once

#include "frontend/reference/Rounding.h"
#include "frontend/reference/Tensor.h"

#include "llvm/ADT/SmallVector.h"

namespace bregman::reference {

using Levels = llvm::SmallVector<Dual, 4>;

// Those that compute more than one number round each, where there is a rounding.

/// The level that is nearest; ties go to the larger.
Dual nearest(Dual x, llvm::ArrayRef<Dual> levels, const Rounding *rounding = nullptr);
/// The one or the other of the neighbouring levels around x; beyond the ends of the outermost pair.
Dual neighbour(Dual x, llvm::ArrayRef<Dual> levels, bool upper);
Dual softNearest(Dual x, Dual steepness, llvm::ArrayRef<Dual> levels,
                 const Rounding *rounding = nullptr);
Levels softmax(llvm::ArrayRef<Dual> x, Dual scale, const Rounding *rounding = nullptr);
Levels sparsemax(llvm::ArrayRef<Dual> x, const Rounding *rounding = nullptr);
Levels hardmax(llvm::ArrayRef<Dual> x);

} // namespace bregman::reference
