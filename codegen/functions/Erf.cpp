// erf by eight polynomials of degree 7; beyond 3.95 the last one rounds to 1.
#include "codegen/functions/Functions.h"
#include "codegen/functions/PiecewiseOdd.h"

using namespace mlir;

namespace bregman {

// clang-format off
static constexpr Table8 coefficients[] = {
    {0x1.06eba8p-3f, 0x1.0aac9p+0f, 0x1.57ea18p-1f, 0x1.073496p-2f, 0x1.09950ap-4f, 0x1.11f0dep-7f, 0x1.98ad16p-12f, 0x1.06a50ep-18f},
    {0x1.35526ep-23f, -0x1.2d948p-2f, -0x1.ef62f8p-2f, -0x1.402134p-2f, -0x1.c0e006p-4f, -0x1.2f5a4p-6f, -0x1.2076p-10f, -0x1.c23fccp-17f},
    {-0x1.8128ep-2f, -0x1.2ab826p-2f, 0x1.12ac0ap-7f, 0x1.57ae46p-3f, 0x1.a140d4p-4f, 0x1.923e14p-6f, 0x1.fcdb34p-10f, 0x1.081426p-15f},
    {0x1.ce4e8p-14f, 0x1.1d8db4p-3f, 0x1.4409dap-3f, 0x1.1cb4b4p-9f, -0x1.95f878p-5f, -0x1.586f8p-6f, -0x1.36d6bap-9f, -0x1.e90cbep-15f},
    {0x1.ca3ffcp-4f, 0x1.24ed88p-4f, -0x1.8a9378p-5f, -0x1.a4bd7ep-5f, 0x1.7f9c06p-9f, 0x1.70ce32p-7f, 0x1.13039p-9f, 0x1.0aa746p-14f},
    {0x1.02a5cap-8f, -0x1.6b4be2p-5f, -0x1.ea79bcp-6f, 0x1.42897ap-6f, 0x1.7b0e6cp-7f, -0x1.4c9358p-9f, -0x1.66a5d2p-10f, -0x1.384ee4p-15f},
    {-0x1.0cb434p-5f, -0x1.e8f6d8p-8f, 0x1.18a7dp-6f, 0x1.417e96p-8f, -0x1.8b8caep-8f, -0x1.0c3fep-10f, 0x1.2e3124p-11f, 0x1.83ceeep-15f},
};
// clang-format on

static const PiecewiseOdd pieces = {
    .slope = 0x1.5e1e64p+1f,
    .bend = 0x1.b4538ap-3f,
    .centre = {0.0f, 0x1.218236p-2f, 0x1.70c06ap-1f, 0x1.375da6p+0f, 0x1.b0aep+0f, 0x1.1b7ca2p+1f,
               0x1.69609ep+1f, 0x1.c5d8bcp+1f},
    .value = {0.0f, 0x1.3e2d24p-2f, 0x1.6216b8p-1f, 0x1.d443dap-1f, 0x1.f76118p-1f, 0x1.ff1c86p-1f,
              0x1.fff77p-1f, 0x1.ffffeep-1f},
    .coefficients = coefficients,
};

Value buildErf(LaneBuilder &b, Value x) {
  return buildPiecewiseOdd(b, x, pieces, /*last=*/0x1.f9999ap+1f);
}

} // namespace bregman
