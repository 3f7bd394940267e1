// Marks what a GPU may approximate. Marks are LLVM's fast-math flags, so that arithmetic which is
// made later, in the expansions of functions, has none and keeps its bounds.
//
// What each is off by at most (PTX ISA 9, "Floating Point Instructions": div, rcp, ex2, tanh):
//   div.approx.f32   2 ulp for |y| of 2^-126 to 2^126; beyond it 0 of the sign, or NaN of an
//   infinity rcp.approx.f32   1 ulp, of all numbers ex2.approx.f32   2 ulp from the rounded value,
//   of all numbers tanh.approx.f32  2^-11 of the value, of all numbers
// None has .ftz: subnormal numbers are kept.
#include "codegen/Passes.h"
#include "dialect/BregmanDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace bregman {

#define GEN_PASS_DEF_APPROXIMATEMATH
#include "codegen/Passes.h.inc"

using arith::FastMathFlags;

/// exp(x), by a power of two. Off by 2.5 + 1.23 |x| ulp: log2(e) in f32 is off by 1.34e-8 of
/// itself, the product by 2^-24 of itself, and an ulp is at least 2^-24 of a number:
/// (1.34e-8 + 2^-24) 2^24 = 1.224.
static Value buildExp(OpBuilder &builder, Location loc, Value x) {
  constexpr float log2E = 1.44269504f;
  Value factor = arith::ConstantOp::create(builder, loc, builder.getFloatAttr(x.getType(), log2E));
  Value power = arith::MulFOp::create(builder, loc, x, factor);
  return math::Exp2Op::create(builder, loc, power, FastMathFlags::afn);
}

/// 1 / (1 + exp(-x)).
static Value buildSigmoid(OpBuilder &builder, Location loc, Value x) {
  Value one = arith::ConstantOp::create(builder, loc, builder.getFloatAttr(x.getType(), 1));
  Value negative = arith::NegFOp::create(builder, loc, x);
  Value sum = arith::AddFOp::create(builder, loc, one, buildExp(builder, loc, negative));
  return arith::DivFOp::create(builder, loc, one, sum, FastMathFlags::afn);
}

namespace {
struct ApproximateMath : impl::ApproximateMathBase<ApproximateMath> {
  void runOnOperation() override {
    getOperation()->walk([](Operation *op) {
      if (op->getNumResults() != 1 || !op->getResult(0).getType().isF32())
        return;
      llvm::TypeSwitch<Operation *>(op)
          .Case<arith::AddFOp, arith::SubFOp, arith::MulFOp>(
              [](auto number) { number.setFastmath(FastMathFlags::contract); })
          .Case<arith::DivFOp, math::TanhOp>(
              [](auto number) { number.setFastmath(FastMathFlags::afn); })
          .Case([](math::ExpOp exp) { replace(exp, buildExp); })
          .Case([](SigmoidOp sigmoid) { replace(sigmoid, buildSigmoid); });
    });
  }

private:
  static void replace(Operation *op, Value (*build)(OpBuilder &, Location, Value)) {
    OpBuilder builder(op);
    op->getResult(0).replaceAllUsesWith(build(builder, op->getLoc(), op->getOperand(0)));
    op->erase();
  }
};
} // namespace

} // namespace bregman
