// Replaces the language's own functions by comparisons, selects and arithmetic.
#include "codegen/Passes.h"
#include "codegen/values/Values.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace bregman {

#define GEN_PASS_DEF_EXPANDVALUES
#include "codegen/Passes.h.inc"

/// A small integer exponent, the same for every level.
static std::optional<int64_t> integerExponent(Value exponent) {
  APFloat number(0.0f);
  if (!matchPattern(exponent, m_ConstantFloat(&number)))
    return std::nullopt;
  double value = number.convertToDouble();
  if (value != std::trunc(value) || std::abs(value) > static_cast<double>(largestPower))
    return std::nullopt;
  return static_cast<int64_t>(value);
}

/// What stands in the place of `op`, or null where it stays.
static Value expand(ValueBuilder &b, Operation *op) {
  using Ops = llvm::TypeSwitch<Operation *, Value>;
  return Ops(op)
      .Case([&](SignOp f) { return buildSign(b, f.getOperand()); })
      .Case([&](SgnOp f) { return buildSgn(b, f.getOperand()); })
      .Case([&](RoundOp f) { return buildRound(b, f.getOperand()); })
      .Case([&](ClampOp f) { return buildClamp(b, f.getOperand(), f.getLow(), f.getHigh()); })
      .Case([&](NearestOp f) { return buildNearest(b, f.getOperand(), f.getLevels()); })
      .Case([&](LowerOp f) { return buildLower(b, f.getOperand(), f.getLevels()); })
      .Case([&](UpperOp f) { return buildUpper(b, f.getOperand(), f.getLevels()); })
      .Case([&](SoftNearestOp f) {
        return buildSoftNearest(b, f.getOperand(), f.getSteepness(), f.getLevels());
      })
      .Case([&](SoftmaxOp f) { return buildSoftmax(b, f.getOperand(), f.getScale()); })
      .Case([&](SparsemaxOp f) { return buildSparsemax(b, f.getOperand()); })
      .Case([&](HardmaxOp f) { return buildHardmax(b, f.getOperand()); })
      .Case([&](SteOp f) { return f.getValue(); })
      .Case([&](ReduceOp f) { return buildReduction(b, f.getKind(), f.getOperand()); })
      .Case([&](arith::MinimumFOp f) { return b.minimum(f.getLhs(), f.getRhs()); })
      .Case([&](arith::MaximumFOp f) { return b.maximum(f.getLhs(), f.getRhs()); })
      .Case([&](math::PowFOp f) {
        std::optional<int64_t> exponent = integerExponent(f.getRhs());
        return exponent ? buildPower(b, f.getLhs(), *exponent) : Value();
      })
      .Default(Value());
}

namespace {
struct ExpandValues : impl::ExpandValuesBase<ExpandValues> {
  void runOnOperation() override {
    getOperation()->walk([](Operation *op) {
      // Host scalars are interpreted.
      if (op->getNumResults() != 1 || !getElementTypeOrSelf(op->getResult(0)).isF32())
        return;
      OpBuilder builder(op);
      ValueBuilder values(builder, op->getLoc());
      if (Value result = expand(values, op)) {
        op->getResult(0).replaceAllUsesWith(result);
        op->erase();
      }
    });
  }
};
} // namespace

} // namespace bregman
