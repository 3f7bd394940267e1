// The functions that look at one number: sign, sgn, round, clamp, integer powers.
#include "codegen/values/Values.h"

using namespace mlir;

namespace bregman {

// A NaN compares false twice, and stays.
Value buildSign(ValueBuilder &b, Value x) {
  Value zero = b.constant(x, 0);
  Value below = b.select(b.less(x, zero), b.constant(x, -1), x);
  return b.select(b.atLeast(x, zero), b.constant(x, 1), below);
}

Value buildSgn(ValueBuilder &b, Value x) {
  Value zero = b.constant(x, 0);
  Value below = b.select(b.less(x, zero), b.constant(x, -1), x);
  return b.select(b.greater(x, zero), b.constant(x, 1), below);
}

// floor(x + 1/2) would round the sum: 0.49999997 would give 1. Here x - floor(x) is exact, or, in
// (-1/2, 0), rounded without crossing 1/2. Infinities: inf - inf compares false.
Value buildRound(ValueBuilder &b, Value x) {
  Value whole = b.floor(x);
  Value up = b.atLeast(b.sub(x, whole), b.constant(x, 0.5f));
  return b.select(up, b.add(whole, b.constant(x, 1)), whole);
}

Value buildClamp(ValueBuilder &b, Value x, Value low, Value high) {
  return b.minimum(b.maximum(x, low), high);
}

Value buildPower(ValueBuilder &b, Value x, int64_t exponent) {
  if (exponent == 0)
    return b.constant(x, 1);
  Value result, square = x;
  for (uint64_t left = std::abs(exponent); left != 0; left >>= 1) {
    if (left & 1)
      result = result ? b.mul(result, square) : square;
    if (left > 1)
      square = b.mul(square, square);
  }
  return exponent < 0 ? b.div(b.constant(x, 1), result) : result;
}

} // namespace bregman
