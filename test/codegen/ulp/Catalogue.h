// The functions that bregman-ulp measures: how each is written, its exact value, its promise.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace bregman::ulp {

/// How a function runs over the arguments, as far as it is promised.
enum class Order { none, increasing, increasingAboveZero, decreasingAboveZero };

struct Function {
  /// As printed, and as given to --function.
  llvm::StringRef name;
  /// MLIR that computes %y of type $T from %x of type $T.
  llvm::StringRef body;
  /// In double: within 2 of its own ulp, which is 4e-9 of ours.
  double (*exact)(double);
  /// The promise in ulp, for results that are normal numbers and for subnormal ones.
  double bound;
  double subnormalBound;
  Order order;
};

/// In the order of the table in the documentation.
llvm::ArrayRef<Function> catalogue();

} // namespace bregman::ulp
