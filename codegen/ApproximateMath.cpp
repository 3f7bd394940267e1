// Marks what a GPU may approximate. Marks are LLVM's fast-math flags, so that arithmetic which is
// made later, in the expansions of functions, has none and keeps its bounds.
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

/// exp(x), by a power of two.
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
