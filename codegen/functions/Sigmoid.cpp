// sigmoid(x) = 1 / (1 + exp(-x)), from exp(-|x|), so that nothing overflows.
#include "codegen/functions/Exp.h"
#include "codegen/functions/Functions.h"

using namespace mlir;

namespace bregman {

Value buildSigmoid(LaneBuilder &b, Value x) {
  Value zero = b.constant(0.0f);
  Value one = b.constant(1.0f);
  DoubleFloat e = expPrecisely(b, b.atLeast(-104.0f, b.neg(b.abs(x))));
  DoubleFloat sum = addExactly(b, one, e.high);
  sum.low = b.add(sum.low, e.low);

  Value isNegative = b.compare(arith::CmpFPredicate::OLT, x, zero);
  DoubleFloat numerator = {b.select(isNegative, e.high, one), b.select(isNegative, e.low, zero)};
  Value reciprocal = b.div(one, sum.high);
  // One step on the residual, which the lost parts enter.
  Value y = b.mul(numerator.high, reciprocal);
  Value minusY = b.neg(y);
  Value residual = b.fma(minusY, sum.high, numerator.high);
  residual = b.add(b.fma(minusY, sum.low, residual), numerator.low);
  return b.fma(residual, reciprocal, y);
}

} // namespace bregman
