// The functions of one weight and its levels.
#pragma once

#include "frontend/reference/Tensor.h"

#include "llvm/ADT/SmallVector.h"

namespace bregman::reference {

using Levels = llvm::SmallVector<Dual, 4>;

/// The level that is nearest; ties go to the larger.
Dual nearest(Dual x, llvm::ArrayRef<Dual> levels);
/// The one or the other of the neighbouring levels around x; beyond the ends of the outermost pair.
Dual neighbour(Dual x, llvm::ArrayRef<Dual> levels, bool upper);
Dual softNearest(Dual x, Dual steepness, llvm::ArrayRef<Dual> levels);
Levels softmax(llvm::ArrayRef<Dual> x, Dual scale);
Levels sparsemax(llvm::ArrayRef<Dual> x);
Levels hardmax(llvm::ArrayRef<Dual> x);

} // namespace bregman::reference
