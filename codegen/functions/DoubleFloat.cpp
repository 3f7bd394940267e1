// Error-free products by fma and sums by Dekker's Fast2Sum.
#include "codegen/functions/DoubleFloat.h"

using namespace mlir;

namespace bregman {

DoubleFloat multiplyExactly(LaneBuilder &b, Value x, Value y) {
  Value product = b.mul(x, y);
  return {product, b.fma(x, y, b.neg(product))};
}

DoubleFloat addExactly(LaneBuilder &b, Value x, Value y) {
  Value sum = b.add(x, y);
  return {sum, b.sub(y, b.sub(sum, x))};
}

DoubleFloat multiply(LaneBuilder &b, DoubleFloat x, DoubleFloat y) {
  DoubleFloat product = multiplyExactly(b, x.high, y.high);
  product.low = b.fma(x.high, y.low, product.low);
  product.low = b.fma(x.low, y.high, product.low);
  return product;
}

DoubleFloat addTo(LaneBuilder &b, DoubleConstant c, DoubleFloat x) {
  DoubleFloat sum = addExactly(b, b.constant(c.high), x.high);
  sum.low = b.add(sum.low, b.add(x.low, b.constant(c.low)));
  return sum;
}

} // namespace bregman
