// tanh by eight polynomials of degree 7.
//
// Beyond 9.1 the last polynomial rounds to 1, so saturation needs nothing but the bound. The
// coefficients are absolute minimax fits with f32 coefficients (Sollya's fpminimax), relative in
// interval 0.
#include "codegen/functions/Functions.h"
#include "codegen/functions/PiecewiseOdd.h"

using namespace mlir;

namespace bregman {

// clang-format off
static constexpr Table8 coefficients[] = {
    {0.0f, 0x1.9c43ccp-1f, 0x1.1e13aap-2f, 0x1.f52cc6p-5f, 0x1.7f623ap-7f, 0x1.b3f99p-10f, 0x1.2afd2p-13f, 0x1.5f995ap-20f},
    {0.0f, -0x1.6be93ep-2f, -0x1.e5b358p-3f, -0x1.e599b4p-5f, -0x1.7d227ap-7f, -0x1.b39e68p-10f, -0x1.2afccap-13f, -0x1.66de7p-20f},
    {-0x1.55554ep-2f, -0x1.c8dabep-4f, 0x1.bb2f32p-4f, 0x1.2f73b8p-5f, 0x1.f6352ep-8f, 0x1.21ed6ap-10f, 0x1.8e9876p-14f, 0x1.df22b8p-21f},
    {-0x1.0a8532p-16f, 0x1.575d62p-3f, -0x1.a302b6p-7f, -0x1.0877bep-6f, -0x1.ea49b2p-9f, -0x1.20b754p-11f, -0x1.8d745ep-15f, -0x1.a5b7bap-22f},
    {0x1.11d616p-3f, -0x1.3d7b06p-6f, -0x1.3741fcp-6f, 0x1.30d4c4p-8f, 0x1.757c44p-10f, 0x1.cb014p-13f, 0x1.3dca86p-16f, 0x1.4fe6bap-23f},
    {-0x1.87a7b4p-9f, -0x1.b79c4cp-5f, 0x1.e9e6e6p-7f, -0x1.62a39p-12f, -0x1.c4b776p-12f, -0x1.39430ep-14f, -0x1.c4d808p-18f, -0x1.6b4bdp-24f},
    {-0x1.766c0ap-5f, 0x1.c0047ep-6f, -0x1.27469ap-8f, -0x1.fe8ce4p-12f, 0x1.8e8854p-14f, 0x1.593782p-16f, 0x1.01e0ccp-19f, 0x1.a1ebb8p-26f},
};
// clang-format on

static const PiecewiseOdd pieces = {
    .slope = 0x1.a3d70ap+0f,
    .bend = 0x1.6fd22p-4f,
    .centre = {0.0f, 0x1.e5499ep-2f, 0x1.408fe4p+0f, 0x1.09882ep+1f, 0x1.75079ep+1f, 0x1.f235bp+1f,
               0x1.47bdb2p+2f, 0x1.ddb9e2p+2f},
    .value = {0.0f, 0x1.c3f2d6p-2f, 0x1.b2a2c8p-1f, 0x1.f01754p-1f, 0x1.fcfefap-1f, 0x1.ff92f6p-1f,
              0x1.fff6a8p-1f, 0x1.ffffeap-1f},
    .coefficients = coefficients,
};

Value buildTanh(LaneBuilder &b, Value x) {
  return buildPiecewiseOdd(b, x, pieces, /*last=*/0x1.233334p+3f);
}

} // namespace bregman
