// sigmoid(x) = 1 / (1 + exp(-x)), from exp(-|x|), so that nothing overflows.
#include "codegen/functions/Functions.h"

using namespace mlir;

namespace bregman {

Value buildSigmoid(LaneBuilder &b, Value x) {
  Value one = b.constant(1.0f);
  Value e = buildExpOfNonPositive(b, b.neg(b.abs(x)));
  Value sum = b.add(e, one);
  Value sumLost = b.sub(e, b.sub(sum, one));
  Value reciprocal = b.div(one, sum);
  Value isNegative = b.compare(arith::CmpFPredicate::OLT, x, b.constant(0.0f));
  Value numerator = b.select(isNegative, e, one);
  // One step on the residual, with what the sum lost.
  Value y = b.mul(numerator, reciprocal);
  Value minusY = b.neg(y);
  Value residual = b.fma(minusY, sumLost, b.fma(minusY, sum, numerator));
  return b.fma(residual, reciprocal, y);
}

} // namespace bregman
