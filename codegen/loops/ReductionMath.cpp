// Sums are of f64, extrema of f32.
#include "codegen/loops/ReductionMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <limits>

using namespace mlir;

namespace bregman {

double neutralOf(Reduction kind) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return kind == Reduction::Min ? infinity : kind == Reduction::Max ? -infinity : 0;
}

/// Written so that whichever is NaN is taken.
Value extremumOf(OpBuilder &builder, Location loc, Reduction kind, Value a, Value b) {
  auto passes = kind == Reduction::Min ? arith::CmpFPredicate::OLT : arith::CmpFPredicate::OGT;
  Value isBeyond = arith::CmpFOp::create(builder, loc, passes, b, a);
  Value isNaN = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNO, b, b);
  Value takes = arith::OrIOp::create(builder, loc, isBeyond, isNaN);
  return arith::SelectOp::create(builder, loc, takes, b, a);
}

Value joinOf(OpBuilder &builder, Location loc, Reduction kind, Value a, Value b) {
  if (isa<IntegerType>(getElementTypeOrSelf(a)))
    return arith::AddIOp::create(builder, loc, a, b);
  if (isExtremum(kind))
    return extremumOf(builder, loc, kind, a, b);
  return arith::AddFOp::create(builder, loc, a, b);
}

void storePartialField(OpBuilder &builder, Location loc, Value record, int field, Value number) {
  Value place = LLVM::GEPOp::create(builder, loc, record.getType(), builder.getF64Type(), record,
                                    ArrayRef<LLVM::GEPArg>{field});
  LLVM::StoreOp::create(builder, loc, number, place, /*alignment=*/8);
}

} // namespace bregman
