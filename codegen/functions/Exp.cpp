// exp by 2^(j/8) from a table and a polynomial of degree 4 on |r| <= 0.0433.
//
// x = (n / 8) ln 2 + r; exp(x) = 2^(n/8) exp(r). One table holds 2^(j/8) rounded, another the
// logarithm of what the rounding lost, so that the table's own error does not enter.
#include "codegen/functions/Exp.h"
#include "codegen/functions/Functions.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace bregman {

const Table8 exp2Eighths = {0x1p+0f,        0x1.172b84p+0f, 0x1.306fep+0f,  0x1.4bfdaep+0f,
                            0x1.6a09e6p+0f, 0x1.8ace54p+0f, 0x1.ae89fap+0f, 0x1.d5818ep+0f};
const Table8 exp2Lost = {0.0f,
                         -0x1.9c0c22p-27f,
                         0x1.125002p-25f,
                         -0x1.0a3552p-25f,
                         0x1.26055cp-26f,
                         0x1.67a1cap-28f,
                         -0x1.f9c306p-27f,
                         -0x1.a5217cp-28f};
static constexpr float perEighth = 0x1.715476p+3f; // 8 / ln 2
static constexpr float eighthHigh = 0x1.62ep-4f;   // ln 2 / 8, few bits: n times it is exact
static constexpr float eighthLow = 0x1.0bfbe8p-18f;
/// (exp(r) - 1 - r) / r^2.
static constexpr float coefficients[] = {0x1.ffffd8p-2f, 0x1.555c84p-3f, 0x1.58528p-5f};

namespace {
/// exp(z) = base (1 + rest) 2^(n / 8), the power cut to an integer.
struct ExpParts {
  Rounded n;
  Value base, rest;
};
} // namespace

/// The parts for -104 <= z <= 89, where the result reaches 0 and infinity; NaN passes.
static ExpParts buildParts(LaneBuilder &b, Value z) {
  Rounded n = b.round(z, perEighth);
  Value r = b.fma(n.integer, b.constant(-eighthHigh), z);
  r = b.fma(n.integer, b.constant(-eighthLow), r);
  Value index = b.toBits(n.sum);
  Value q = b.horner(r, coefficients);
  Value rest = b.fma(b.mul(r, r), q, b.add(r, b.lookUp(exp2Lost, index)));
  return {n, b.lookUp(exp2Eighths, index), rest};
}

static Value expOfBounded(LaneBuilder &b, Value z) {
  ExpParts p = buildParts(b, z);
  return b.scaleByPower(b.fma(p.base, p.rest, p.base), p.n, /*fractionBits=*/3);
}

DoubleFloat expPrecisely(LaneBuilder &b, Value z) {
  ExpParts p = buildParts(b, z);
  Value high = b.fma(p.base, p.rest, p.base);
  Value low = b.fma(p.base, p.rest, b.sub(p.base, high));
  return {b.scaleByPower(high, p.n, /*fractionBits=*/3), b.scaleByPower(low, p.n, 3)};
}

/// Whether x is written as -|...|, so that it cannot be above 89.
static bool isMinusMagnitude(Value x) {
  auto minus = x.getDefiningOp<arith::NegFOp>();
  return minus && minus.getOperand().getDefiningOp<math::AbsFOp>();
}

Value buildExp(LaneBuilder &b, Value x) {
  Value bounded = b.atLeast(-104.0f, x);
  return expOfBounded(b, isMinusMagnitude(x) ? bounded : b.atMost(89.0f, bounded));
}

} // namespace bregman
