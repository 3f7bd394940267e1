// log2 to about 37 bits, and its rounding to f32: exact at powers of two, elsewhere as good as
// correctly rounded.
//
// x = 2^e m; with c near 1 / m from a table, log2(x) = e - log2(c) + log2(1 + r), r = m c - 1. The
// leading terms are sums of two f32; pow needs that precision.
#include "codegen/functions/DoubleFloat.h"
#include "codegen/functions/Functions.h"
#include "codegen/functions/Log.h"

using namespace mlir;

namespace bregman {

// Eight intervals of the mantissa from sqrt(1/2) to sqrt(2), by its top three bits; the reciprocal
// of each one's middle, and minus its log2 as a multiple of 2^-16 and a rest. |m c - 1| < 0.057.
// The interval around 1 has c = 1, so that logarithms near 0 keep their relative precision.
static constexpr Table8 reciprocal = {0x1.5acp+0f, 0x1.3fap+0f, 0x1.288p+0f, 0x1.148p+0f,
                                      0x1p+0f,     0x1.d0cp-1f, 0x1.a18p-1f, 0x1.7acp-1f};
static constexpr Table8 logHigh = {-0x1.c044p-2f, -0x1.47ecp-2f, -0x1.b1fp-3f, -0x1.c73p-4f,
                                   0.0f,          0x1.1e18p-3f,  0x1.2d7p-2f,  0x1.bd54p-2f};
static constexpr Table8 logLow = {
    0x1.ebb674p-18f, -0x1.00d336p-22f, -0x1.3ebdecp-18f, -0x1.8c944ep-18f, 0.0f,
    -0x1.61951p-18f, -0x1.4beadcp-18f, 0x1.e17a2ap-18f};

// log2(1 + r) / r: log2(e) (1 - r/2 + r^2/3), then a minimax polynomial in f32.
static constexpr DoubleConstant log2e = {0x1.715476p+0f, 0x1.4ae0cp-26f};
static constexpr DoubleConstant second = {-0x1.715476p-1f, -0x1.4ae0cp-27f};
static constexpr DoubleConstant third = {0x1.ec709ep-2f, -0x1.e2fe02p-29f};
static constexpr float tail[] = {-0x1.715476p-2f, 0x1.2776a2p-2f, -0x1.ec705ep-3f, 0x1.a76ae6p-3f,
                                 -0x1.72860ap-3f};

DoubleFloat log2Precisely(LaneBuilder &b, Value x) {
  SplitNumber v = splitPositive(b, x);
  Value index = b.shiftRight(b.subBits(b.toBits(v.mantissa), b.bits(sqrtHalfBits)), 20);

  DoubleFloat product = multiplyExactly(b, v.mantissa, b.lookUp(reciprocal, index));
  DoubleFloat r = {b.sub(product.high, b.constant(1.0f)), product.low}; // exact
  Value last = b.horner(r.high, tail);
  DoubleFloat q = addTo(b, third, multiplyExactly(b, r.high, last));
  q = addTo(b, second, multiply(b, r, q));
  q = addTo(b, log2e, multiply(b, r, q));
  DoubleFloat logOfRest = multiply(b, r, q);

  Value coarse = b.add(v.exponent, b.lookUp(logHigh, index)); // exact
  DoubleFloat sum = addExactly(b, coarse, logOfRest.high);
  sum.low = b.add(sum.low, b.add(logOfRest.low, b.lookUp(logLow, index)));
  return sum;
}

Value buildLog2(LaneBuilder &b, Value x) {
  DoubleFloat log = log2Precisely(b, x);
  return withLogSpecials(b, x, b.add(log.high, log.low));
}

} // namespace bregman
