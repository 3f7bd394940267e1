// Runs a function over a range of bit patterns and keeps what was worst.
#pragma once

#include "Catalogue.h"
#include "SweepJit.h"

#include "llvm/Support/Error.h"

#include <cstdint>

namespace bregman::ulp {

/// The largest error met, and its argument.
struct Worst {
  double ulp = 0;
  float where = 0;
};

struct Summary {
  uint64_t count = 0;
  Worst normal, subnormal;
  /// Results more than 0.5 and more than 1 ulp off.
  uint64_t aboveHalf = 0, aboveOne = 0;
  /// Neighbours in the wrong order.
  uint64_t descents = 0;
  float firstDescent = 0;
  /// NaN for a number, a wrong infinity, or a zero of the wrong sign.
  uint64_t wrongSpecials = 0;
  float firstWrongSpecial = 0;
  /// Widths that ran, and results that differ between them; NaN equals NaN.
  int widthsCompared = 0;
  uint64_t bitDifferences = 0;
  float firstDifference = 0;

  void merge(const Summary &other);
  /// Whether the function keeps its promise.
  bool keeps(const Function &f) const;
};

/// Every `stride`-th of all 2^32 arguments and the edge values, on `threads` threads.
llvm::Expected<Summary> sweep(const Function &f, uint64_t stride, int threads);

/// The error of y against the exact value, in ulp of the exact value; -1 where y must be a
/// particular special value and is not.
double errorInUlp(float y, double exact);

} // namespace bregman::ulp
