// The functions that bregman-ulp measures: how each is written, its exact value, its promise.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace bregman::ulp {

/// How a function runs over the arguments of one sign, as far as that is promised.
enum class Order { None, Increasing, Decreasing };

struct Function {
  /// As printed, and as given to --function.
  llvm::StringRef name;
  /// MLIR that computes %y of type $T from %x, and from %z where there is a second argument.
  llvm::StringRef body;
  /// In double: within 2 of its own ulp, which is 4e-9 of ours.
  double (*exact)(double x, double z);
  /// The promise in ulp, for results that are normal numbers and for subnormal ones.
  double bound;
  double subnormalBound;
  Order order;
  /// The second argument that goes with x; null if there is none.
  float (*second)(float x) = nullptr;
  /// What second arguments every edge value is tried with besides.
  llvm::ArrayRef<float> specialSeconds = {};
};

/// In the order of the table in the documentation.
llvm::ArrayRef<Function> catalogue();

} // namespace bregman::ulp
