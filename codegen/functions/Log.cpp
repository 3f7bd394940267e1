// log by exponent and a polynomial of degree 11 in the fraction, no table, no division.
//
// log(2^e (1 + f)) = e ln 2 + f + f^2 P(f). The sum of e ln 2 and f is taken with its exact
// rounding error, so that only the last addition rounds.
#include "codegen/functions/Log.h"
#include "codegen/functions/Functions.h"

using namespace mlir;

namespace bregman {

static constexpr float coefficients[] = {
    -0x1p-1f,       0x1.55553ep-2f,  -0x1.000006p-2f, 0x1.99a8cp-3f,  -0x1.555f44p-3f,
    0x1.22f33cp-3f, -0x1.fb732ep-4f, 0x1.e9ca02p-4f,  -0x1.e31f5p-4f, 0x1.144dbp-4f};
static constexpr float ln2High = 0x1.62e4p-1f; // few bits: the exponent times it is exact
static constexpr float ln2Low = 0x1.7f7d1cp-20f;

SplitNumber splitNormal(LaneBuilder &b, Value v) {
  Value k = b.subBits(b.toBits(v), b.bits(sqrtHalfBits));
  Value mantissa = b.addBits(b.andBits(k, b.bits(0x7fffff)), b.bits(sqrtHalfBits));
  return {b.toFloat(b.shiftRight(k, 23)), b.fromBits(mantissa)};
}

SplitNumber splitPositive(LaneBuilder &b, Value x) {
  Value isTiny = b.compare(arith::CmpFPredicate::OLT, x, b.constant(0x1p-126f));
  SplitNumber v = splitNormal(b, b.select(isTiny, b.mul(x, b.constant(0x1p23f)), x));
  v.exponent = b.select(isTiny, b.sub(v.exponent, b.constant(23.0f)), v.exponent);
  return v;
}

Value logOfSplit(LaneBuilder &b, SplitNumber v, Value correction) {
  Value f = b.sub(v.mantissa, b.constant(1.0f)); // exact
  Value low = correction ? b.fma(v.exponent, b.constant(ln2Low), correction)
                         : b.mul(v.exponent, b.constant(ln2Low));
  Value rest = b.fma(b.mul(f, f), b.horner(f, coefficients), low);
  Value a = b.mul(v.exponent, b.constant(ln2High));
  Value high = b.add(a, f);
  Value lost = b.sub(f, b.sub(high, a));
  return b.add(high, b.add(lost, rest));
}

Value withLogSpecials(LaneBuilder &b, Value x, Value finite) {
  Value zero = b.constant(0.0f);
  Value infinity = b.constant(std::numeric_limits<float>::infinity());
  Value isFinite = b.compare(arith::CmpFPredicate::OLT, x, infinity);
  Value isZero = b.compare(arith::CmpFPredicate::OEQ, x, zero);
  Value isPositive = b.compare(arith::CmpFPredicate::OGT, x, zero);
  Value ofOthers = b.select(isZero, b.constant(-std::numeric_limits<float>::infinity()),
                            b.constant(std::numeric_limits<float>::quiet_NaN()));
  return b.select(isPositive, b.select(isFinite, finite, x), ofOthers);
}

Value buildLog(LaneBuilder &b, Value x) {
  return withLogSpecials(b, x, logOfSplit(b, splitPositive(b, x), nullptr));
}

} // namespace bregman
