// log2 by exponent and a polynomial in the fraction; exact at the powers of two.
//
// log2(2^e (1 + f)) = e + f log2(e) + f^2 Q(f), Q the polynomial of log times log2(e). The product
// f log2(e) and its sum with e are taken with their exact rounding errors.
#include "codegen/functions/Functions.h"
#include "codegen/functions/Log.h"

using namespace mlir;

namespace bregman {

static constexpr float coefficients[] = {
    -0x1.715476p-1f, 0x1.ec707cp-2f,  -0x1.71547ep-2f, 0x1.2781b2p-2f,  -0x1.ec7ef2p-3f,
    0x1.a3c098p-3f,  -0x1.6e0c38p-3f, 0x1.614ee2p-3f,  -0x1.5c7fc4p-3f, 0x1.8e9f24p-4f};
static constexpr float log2eHigh = 0x1.715476p+0f;
static constexpr float log2eLow = 0x1.4ae0cp-26f;

Value buildLog2(LaneBuilder &b, Value x) {
  SplitNumber v = splitPositive(b, x);
  Value f = v.fraction;
  Value product = b.mul(f, b.constant(log2eHigh));
  Value productLow = b.fma(f, b.constant(log2eHigh), b.neg(product));
  productLow = b.fma(f, b.constant(log2eLow), productLow);
  Value rest = b.fma(b.mul(f, f), b.horner(f, coefficients), productLow);
  Value high = b.add(v.exponent, product);
  Value lost = b.sub(product, b.sub(high, v.exponent));
  return withLogSpecials(b, x, b.add(high, b.add(lost, rest)));
}

} // namespace bregman
