// atanh by an odd polynomial below 1/2 and by log((1 + a) / (1 - a)) / 2 above.
#include "codegen/functions/Functions.h"
#include "codegen/functions/Log.h"

using namespace mlir;

namespace bregman {

/// (atanh(a) - a) / a^3 as a polynomial in a^2, a < 1/2.
static constexpr float small[] = {0x1.555554p-2f, 0x1.999c46p-3f, 0x1.241b32p-3f,
                                  0x1.d63838p-4f, 0x1.082bfp-4f,  0x1.43fe7ep-3f};

static Value atanhOfSmall(LaneBuilder &b, Value a) {
  Value square = b.mul(a, a);
  return b.fma(b.mul(square, a), b.horner(square, small), a);
}

/// The quotient's remainder enters at first order, through 1 / (1 + a) as a line: it is small.
static Value atanhOfLarge(LaneBuilder &b, Value a) {
  Value one = b.constant(1.0f);
  Value below = b.sub(one, a); // exact
  Value above = b.add(one, a);
  Value aboveLost = b.sub(a, b.sub(above, one));
  Value quotient = b.div(above, below);
  Value remainder = b.add(b.fma(b.neg(quotient), below, above), aboveLost);
  Value reciprocal = b.fma(above, b.constant(-0x1.555556p-2f), b.constant(0x1.2aaaaap+0f));
  Value log = logOfSplit(b, splitNormal(b, quotient), b.mul(remainder, reciprocal));
  return b.mul(log, b.constant(0.5f));
}

Value buildAtanh(LaneBuilder &b, Value x) {
  Value a = b.abs(x);
  Value one = b.constant(1.0f);
  Value isSmall = b.compare(arith::CmpFPredicate::OLT, a, b.constant(0.5f));
  Value inside = b.select(isSmall, atanhOfSmall(b, a), atanhOfLarge(b, a));
  Value atOne = b.select(b.compare(arith::CmpFPredicate::OEQ, a, one),
                         b.constant(std::numeric_limits<float>::infinity()),
                         b.constant(std::numeric_limits<float>::quiet_NaN()));
  Value isInside = b.compare(arith::CmpFPredicate::OLT, a, one);
  return b.copySign(b.select(isInside, inside, atOne), x);
}

} // namespace bregman
