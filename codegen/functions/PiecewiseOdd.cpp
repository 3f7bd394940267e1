// Evaluates an odd function from its tables: nine look-ups, no division, no branch.
#include "codegen/functions/PiecewiseOdd.h"

using namespace mlir;

namespace bregman {

OddPieces buildPieces(LaneBuilder &b, Value z, const PiecewiseOdd &f) {
  // The quadratic index widens the intervals with z, as the curvature of these functions allows.
  Value bent = b.fma(z, b.constant(-f.bend), b.constant(f.slope));
  Value index = b.toBits(b.fma(z, bent, b.constant(0x1.8p+23f)));
  Value centre = b.lookUp(f.centre, index);
  Value offset = b.sub(z, centre); // exact
  // Interval 0 is z + z P(z): tiny and subnormal arguments stay exact. This order of the operands
  // lets AVX-512 merge by the mask of the look-up.
  Value isLater = b.compare(arith::CmpFPredicate::UNE, centre, b.constant(0.0f));
  Value base = b.select(isLater, b.lookUp(f.value, index), z);
  Value slope = b.lookUp(f.coefficients.back(), index);
  for (const Table8 &coefficient : llvm::reverse(f.coefficients.drop_back()))
    slope = b.fma(slope, offset, b.lookUp(coefficient, index));
  return {base, offset, slope};
}

Value buildPiecewiseOdd(LaneBuilder &b, Value x, const PiecewiseOdd &f, float last) {
  Value z = b.atMost(last, b.abs(x));
  OddPieces pieces = buildPieces(b, z, f);
  return b.copySign(b.fma(pieces.offset, pieces.slope, pieces.base), x);
}

} // namespace bregman
