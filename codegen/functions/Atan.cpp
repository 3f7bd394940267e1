// atan by eight polynomials of degree 5 on [0, 1]; above 1 as pi/2 - atan(1/x).
#include "codegen/functions/Functions.h"
#include "codegen/functions/PiecewiseOdd.h"

using namespace mlir;

namespace bregman {

// clang-format off
static constexpr Table8 coefficients[] = {
    {0.0f, 0x1.fbd0cep-1f, 0x1.eac688p-1f, 0x1.cfe1p-1f, 0x1.ab2672p-1f, 0x1.7ede3ap-1f, 0x1.4d67b4p-1f, 0x1.194876p-1f},
    {0.0f, -0x1.6dc1dep-4f, -0x1.8751d2p-3f, -0x1.0eba6ep-2f, -0x1.3da7b2p-2f, -0x1.4c8b8cp-2f, -0x1.3dccc4p-2f, -0x1.17e8a6p-2f},
    {-0x1.555558p-2f, -0x1.44c5eep-2f, -0x1.0596p-2f, -0x1.5db35cp-3f, -0x1.4054cap-4f, 0x1.afecf6p-10f, 0x1.c9c108p-5f, 0x1.4aad02p-4f},
    {0x1.f97148p-17f, 0x1.644c8ap-4f, 0x1.56d004p-3f, 0x1.8d2322p-3f, 0x1.61ac18p-3f, 0x1.ecf438p-4f, 0x1.f6b518p-5f, 0x1.f08ee4p-7f},
    {0x1.985786p-3f, 0x1.562c3ep-3f, 0x1.5d5056p-4f, 0x1.02aab6p-9f, -0x1.07e976p-4f, -0x1.581bd2p-4f, -0x1.1b8004p-4f, -0x1.390d96p-5f},
};
// clang-format on

static const PiecewiseOdd pieces = {
    .slope = 0x1.478b96p+3f,
    .bend = 0x1.60b4aep+1f,
    .centre = {0.0f, 0x1.73cf4ap-4f, 0x1.a9e63cp-3f, 0x1.49cfaap-2f, 0x1.c86392p-2f, 0x1.295898p-1f,
               0x1.76badcp-1f, 0x1.cfb36ep-1f},
    .value = {0.0f, 0x1.72cb24p-4f, 0x1.a3ea1p-3f, 0x1.3f116p-2f, 0x1.ad540ap-2f, 0x1.0d634p-1f,
              0x1.437cecp-1f, 0x1.78ccaep-1f},
    .coefficients = coefficients,
};

static constexpr float halfPi = 0x1.921fb6p+0f;
static constexpr float halfPiLow = -0x1.777a5cp-25f;

Value buildAtan(LaneBuilder &b, Value x) {
  Value a = b.abs(x);
  Value z = b.div(b.atMost(1.0f, a), b.atLeast(1.0f, a));
  OddPieces p = buildPieces(b, z, pieces);
  Value inside = b.fma(p.slope, p.offset, p.base);
  // pi/2 - base is formed with its rounding error.
  Value difference = b.sub(b.constant(halfPi), p.base);
  Value lost = b.sub(b.sub(b.constant(halfPi), difference), p.base);
  lost = b.add(lost, b.constant(halfPiLow));
  Value outside = b.add(difference, b.sub(lost, b.mul(p.slope, p.offset)));
  Value isInside = b.compare(arith::CmpFPredicate::OLE, a, b.constant(1.0f));
  return b.copySign(b.select(isInside, inside, outside), x);
}

} // namespace bregman
