// pow(x, y) as 2^(y log2|x|), the logarithm and the product in double-float arithmetic.
//
// The exponent reaches 150, so log2 must be right to some 2^-37 for the result to be right to a
// fraction of an ulp: f32 alone would lose 7 bits. Everything after the product is as in exp.
#include "codegen/functions/DoubleFloat.h"
#include "codegen/functions/Exp.h"
#include "codegen/functions/Functions.h"
#include "codegen/functions/Log.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

#include <cmath>
#include <optional>

using namespace mlir;

namespace bregman {

// 2^r - 1 on |r| <= 1/16: r (ln 2 + r (...)).
static constexpr float ln2 = 0x1.62e43p-1f;
static constexpr float powers[] = {0x1.ebfbbap-3f, 0x1.c6ba1ep-5f, 0x1.3ded3ap-7f};

/// log2(a); its rest does not matter where the logarithm is infinite or NaN.
static DoubleFloat log2OfMagnitude(LaneBuilder &b, Value a) {
  float infinity = std::numeric_limits<float>::infinity();
  DoubleFloat log = log2Precisely(b, a);
  Value isFinite = b.compare(arith::CmpFPredicate::OLT, a, b.constant(infinity));
  Value isZero = b.compare(arith::CmpFPredicate::OEQ, a, b.constant(0.0f));
  log.high = b.select(isFinite, log.high, a);
  log.high = b.select(isZero, b.constant(-infinity), log.high);
  return log;
}

/// 2^t: infinite from t.high = 129 on, 0 from -151 on; t.low counts in between only.
static Value exp2OfSum(LaneBuilder &b, DoubleFloat t) {
  Rounded n = b.round(t.high, 8.0f);
  Value r = b.add(b.fma(n.integer, b.constant(-0.125f), t.high), t.low);
  Value index = b.toBits(n.sum);
  Value s = b.fma(r, b.constant(ln2), b.lookUp(exp2Lost, index));
  s = b.fma(b.mul(r, r), b.horner(r, powers), s);
  Value base = b.lookUp(exp2Eighths, index);
  Value y = b.scaleByPower(b.fma(base, s, base), n, /*fractionBits=*/3);

  Value isHuge = b.compare(arith::CmpFPredicate::OGE, t.high, b.constant(129.0f));
  Value isTiny = b.compare(arith::CmpFPredicate::OLE, t.high, b.constant(-151.0f));
  y = b.select(isHuge, b.constant(std::numeric_limits<float>::infinity()), y);
  return b.select(isTiny, b.constant(0.0f), y);
}

/// |x|^y, and 1 where y = 0 or |x| = 1.
static Value powOfMagnitude(LaneBuilder &b, Value a, Value y) {
  // Beyond 2^32 every power but that of 1 is 0 or infinite: the product stays finite.
  y = b.atMost(0x1p32f, b.atLeast(-0x1p32f, y));
  DoubleFloat log = log2OfMagnitude(b, a);
  DoubleFloat t = multiplyExactly(b, y, log.high);
  t.low = b.fma(y, log.low, t.low);
  return exp2OfSum(b, t);
}

/// The value of a constant exponent, the same in all lanes.
static std::optional<float> constantOf(Value y) {
  if (auto broadcast = y.getDefiningOp<vector::BroadcastOp>())
    y = broadcast.getSource();
  Attribute attribute;
  if (!matchPattern(y, m_Constant(&attribute)))
    return std::nullopt;
  if (auto splat = dyn_cast<SplatElementsAttr>(attribute))
    return splat.getSplatValue<APFloat>().convertToFloat();
  if (auto scalar = dyn_cast<FloatAttr>(attribute))
    return scalar.getValue().convertToFloat();
  return std::nullopt;
}

/// Powers whose product needs no logarithm. The square's rounding error is carried along, so that
/// only the last operation rounds, except where the correction is subnormal.
static Value smallPower(LaneBuilder &b, Value x, int exponent) {
  if (exponent == 2)
    return b.mul(x, x);
  DoubleFloat square = multiplyExactly(b, x, x);
  Value factor = exponent == 3 ? x : square.high;
  Value weight = exponent == 3 ? x : b.add(square.high, square.high);
  Value plain = b.mul(square.high, factor);
  Value corrected = b.fma(square.high, factor, b.mul(square.low, weight));
  // What overflows has no rounding error to carry.
  Value isFinite = b.compare(arith::CmpFPredicate::OLT, b.abs(plain),
                             b.constant(std::numeric_limits<float>::infinity()));
  return b.select(isFinite, corrected, plain);
}

/// Unlike sqrt, pow(-0, 1/2) is +0 and pow(-inf, 1/2) is inf.
static Value squareRootPower(LaneBuilder &b, Value x) {
  float infinity = std::numeric_limits<float>::infinity();
  Value isMinusInfinity = b.compare(arith::CmpFPredicate::OEQ, x, b.constant(-infinity));
  Value root = b.sqrt(b.add(x, b.constant(0.0f)));
  return b.select(isMinusInfinity, b.constant(infinity), root);
}

/// x^y for a finite constant y other than 0.
static Value powOfConstant(LaneBuilder &b, Value x, Value yValue, float y) {
  if (y == 1)
    return x;
  if (y == 2 || y == 3 || y == 4)
    return smallPower(b, x, static_cast<int>(y));
  if (y == -1)
    return b.div(b.constant(1.0f), x);
  if (y == 0.5f)
    return squareRootPower(b, x);
  Value magnitude = powOfMagnitude(b, b.abs(x), yValue);
  bool isInteger = std::floor(y) == y;
  if (isInteger)
    return std::fmod(y, 2.0f) == 0 ? magnitude : b.copySign(magnitude, x);
  Value isNegative = b.compare(arith::CmpFPredicate::OLT, x, b.constant(0.0f));
  Value isFinite =
      b.compare(arith::CmpFPredicate::OGT, x, b.constant(-std::numeric_limits<float>::infinity()));
  return b.select(b.both(isNegative, isFinite), b.constant(std::numeric_limits<float>::quiet_NaN()),
                  magnitude);
}

/// x^y with every special case of IEEE 754's pow.
static Value powOfAny(LaneBuilder &b, Value x, Value y) {
  Value zero = b.constant(0.0f);
  Value one = b.constant(1.0f);
  Value magnitude = powOfMagnitude(b, b.abs(x), y);

  Value half = b.mul(y, b.constant(0.5f));
  Value isInteger = b.compare(arith::CmpFPredicate::OEQ, b.floor(y), y);
  Value isHalfInteger = b.compare(arith::CmpFPredicate::UNE, b.floor(half), half);
  Value isOdd = b.both(isInteger, isHalfInteger);
  Value result = b.select(isOdd, b.copySign(magnitude, x), magnitude);

  Value isNegative = b.compare(arith::CmpFPredicate::OLT, x, zero);
  Value isFinite =
      b.compare(arith::CmpFPredicate::OGT, x, b.constant(-std::numeric_limits<float>::infinity()));
  Value isFraction = b.compare(arith::CmpFPredicate::UNE, b.floor(y), y);
  Value isUndefined = b.both(b.both(isNegative, isFinite), isFraction);
  result = b.select(isUndefined, b.constant(std::numeric_limits<float>::quiet_NaN()), result);
  result = b.select(b.compare(arith::CmpFPredicate::OEQ, x, one), one, result);
  return b.select(b.compare(arith::CmpFPredicate::OEQ, y, zero), one, result);
}

Value buildPow(LaneBuilder &b, Value x, Value y) {
  std::optional<float> constant = constantOf(y);
  if (!constant || !std::isfinite(*constant))
    return powOfAny(b, x, y);
  if (*constant == 0)
    return b.constant(1.0f);
  return powOfConstant(b, x, y, *constant);
}

} // namespace bregman
